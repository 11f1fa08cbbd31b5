"""What the firmware does, on whatever it runs on. `pytest --help`, group "provision", says how to choose that.

The tests stand in tests/provision/suite, a module for each theme. Those of TLS are for models that use it, the others
for models whose device brings an access token; what is not for the model of the build is deselected.
"""

from tests.provision.suite.cuts import *
from tests.provision.suite.refusals import *
from tests.provision.suite.tls import *
from tests.provision.suite.use_cases import *
from tests.provision.suite.work import *
