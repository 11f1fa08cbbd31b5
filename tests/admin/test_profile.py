"""``tb.py profile``."""

import copy
import json
from pathlib import Path
from typing import Any

import keyring
import pytest
import trustme
from tbtools.rest import RestClient
from tbtools.server.thread import StandInThread

from tests.admin.conftest import ALARM_RULES, MODEL, PROFILE, Tb

KEY, SECRET = "the-provision-key", "the-provision-secret"


def _there(rest: RestClient, name: str = MODEL) -> Any:
    found = rest.find_profile(name)
    assert found is not None
    return found


def _configuration(rest: RestClient, name: str = MODEL) -> Any:
    return _there(rest, name)["profileData"]["provisionConfiguration"]


def _warning(alarm: Any) -> Any:
    return alarm["createRules"]["WARNING"]


def test_apply_creates_the_profile_of_the_model(tb: Tb, rest: RestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TB_PROVISION_KEY", KEY)
    monkeypatch.setenv("TB_PROVISION_SECRET", SECRET)
    result = tb.json("profile", "apply")
    assert (result["name"], result["status"], result["changes"]) == (MODEL, "created", [])
    assert result["provisioning"] == {"strategy": "ALLOW_CREATE_NEW_DEVICES", "key": "***", "secret": "***"}
    there = _there(rest)
    assert (there["provisionDeviceKey"], there["description"]) == (KEY, PROFILE["description"])
    assert _configuration(rest) == {"type": "ALLOW_CREATE_NEW_DEVICES", "provisionDeviceSecret": SECRET}


def test_apply_twice_changes_nothing_and_says_so(tb: Tb, rest: RestClient) -> None:
    assert tb("profile", "apply", "--generate-secret").stdout.startswith(f"created: device profile {MODEL}")
    before = _there(rest)
    again = tb("profile", "apply", "--generate-secret")
    assert again.stdout.splitlines() == [
        f"unchanged: device profile {MODEL}, ALLOW_CREATE_NEW_DEVICES",
        "unchanged: alarm rule Too hot",
    ]
    assert tb.json("profile", "apply")["status"] == "unchanged"
    assert _there(rest) == before


def test_key_and_secret_are_made_once_and_random(tb: Tb, rest: RestClient) -> None:
    for name in ("one", "two"):
        tb.json("profile", "apply", "--generate-secret", "--name", name)
    texts = [_there(rest, name)["provisionDeviceKey"] for name in ("one", "two")]
    texts += [_configuration(rest, name)["provisionDeviceSecret"] for name in ("one", "two")]
    assert [len(text) for text in texts] == [20] * 4
    assert len(set(texts)) == 4
    assert all(text.isalnum() for text in texts)


def test_a_generated_secret_is_shown_on_request_only(tb: Tb, rest: RestClient) -> None:
    created = tb("profile", "apply", "--generate-secret")
    secret = _configuration(rest)["provisionDeviceSecret"]
    assert secret not in created.stdout + created.stderr
    assert "tb.py profile show --show-secrets" in created.stdout
    assert "menuconfig" in created.stdout
    shown = tb("profile", "show", "--show-secrets")
    assert secret in shown.stdout
    assert _there(rest)["provisionDeviceKey"] in shown.stdout
    tb("profile", "delete", "--yes")
    created = tb("profile", "apply", "--generate-secret", "--show-secrets")
    assert f"Provision secret: {_configuration(rest)['provisionDeviceSecret']}" in created.stdout


def test_a_secret_has_to_come_from_somewhere(tb: Tb, rest: RestClient) -> None:
    done = tb("profile", "apply")
    assert done.code == 2
    assert "the provision secret of device profile boiler is not known" in done.stderr
    assert all(way in done.stderr for way in ("TB_PROVISION_SECRET", "keyring set thingsboard", "--generate-secret"))
    assert rest.find_profile(MODEL) is None


@pytest.mark.usefixtures("memory_keyring")
def test_the_secret_may_come_from_the_keyring(tb: Tb, server: StandInThread, rest: RestClient) -> None:
    keyring.set_password("thingsboard", f"provision secret of {MODEL} at {server.url}", SECRET)
    tb.json("profile", "apply")
    assert _configuration(rest)["provisionDeviceSecret"] == SECRET


def test_only_what_differs_is_changed_and_the_rest_stays(
    tb: Tb, rest: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    tb.json("profile", "apply", "--generate-secret")
    before = _there(rest)
    before["image"] = "tb-image;/api/images/tenant/boiler.png"
    before["defaultQueueName"] = "Main"
    before["description"] = "Changed by hand."
    before["profileData"]["provisionConfiguration"]["addedLater"] = True
    rest.put_profile(before)
    monkeypatch.setenv("TB_PROVISION_SECRET", SECRET)
    result = tb.json("profile", "apply")
    assert result["status"] == "changed"
    assert result["changes"] == [
        {"field": "description", "there": "Changed by hand.", "wanted": PROFILE["description"]},
        {"field": "profileData.provisionConfiguration.provisionDeviceSecret", "there": "***", "wanted": "***"},
    ]
    after = _there(rest)
    assert (after["image"], after["defaultQueueName"]) == (before["image"], "Main")
    assert after["provisionDeviceKey"] == before["provisionDeviceKey"]
    assert _configuration(rest) == {
        "type": "ALLOW_CREATE_NEW_DEVICES",
        "provisionDeviceSecret": SECRET,
        "addedLater": True,
    }


def test_a_dry_run_shows_and_changes_nothing(tb: Tb, rest: RestClient) -> None:
    assert tb.json("profile", "apply", "--dry-run")["status"] == "would be created"
    assert rest.find_profile(MODEL) is None
    tb.json("profile", "apply", "--generate-secret")
    before = _there(rest)
    done = tb("profile", "apply", "--strategy", "check-pre-provisioned", "--dry-run")
    assert done.stdout.startswith(f"would be changed: device profile {MODEL}, CHECK_PRE_PROVISIONED_DEVICES")
    assert "profileData.provisionConfiguration.type" in done.stdout
    assert _there(rest) == before


def test_the_strategy_can_be_chosen_and_keeps_key_and_secret(tb: Tb, rest: RestClient) -> None:
    tb.json("profile", "apply", "--generate-secret")
    key, secret = _there(rest)["provisionDeviceKey"], _configuration(rest)["provisionDeviceSecret"]
    for strategy, word in (
        ("check-pre-provisioned", "CHECK_PRE_PROVISIONED_DEVICES"),
        ("disabled", "DISABLED"),
        ("allow-creating", "ALLOW_CREATE_NEW_DEVICES"),
    ):
        assert tb.json("profile", "apply", "--strategy", strategy)["status"] == "changed"
        assert tb.json("profile", "apply", "--strategy", strategy)["status"] == "unchanged"
        assert (_there(rest)["provisionType"], _there(rest)["provisionDeviceKey"]) == (word, key)
        assert _configuration(rest) == {"type": word, "provisionDeviceSecret": secret}


def test_a_new_disabled_profile_needs_no_secret(tb: Tb, rest: RestClient) -> None:
    assert tb.json("profile", "apply", "--strategy", "disabled")["status"] == "created"
    assert _configuration(rest)["provisionDeviceSecret"] is None


def test_a_chain_is_known_by_its_certificate(tb: Tb, rest: RestClient, tmp_path: Path) -> None:
    ours, other = (tmp_path / f"{name}.pem" for name in ("ours", "other"))
    for path in (ours, other):
        path.write_bytes(trustme.CA().cert_pem.bytes())
    apply = ("profile", "apply", "--strategy", "x509-chain")
    assert tb(*apply).code == 2
    assert tb.json(*apply, "--certificate", str(ours))["status"] == "created"
    stored = _configuration(rest)
    assert (stored["certificateRegExPattern"], stored["allowCreateNewDevicesByX509Certificate"]) == ("(.*)", True)
    assert tb.json(*apply, "--certificate", str(ours))["status"] == "unchanged"
    assert tb.json(*apply)["status"] == "unchanged"
    shown = tb.json("profile", "show")["provisioning"]
    assert shown["certificate"] == "".join(ours.read_text().splitlines()[1:-1])
    assert shown["secret"] is None
    assert tb.json(*apply, "--certificate", str(other))["status"] == "changed"
    # a certificate is of no use to another strategy
    assert tb("profile", "apply").code == 2
    assert tb.json("profile", "apply", "--generate-secret")["status"] == "changed"
    assert len(_configuration(rest)["provisionDeviceSecret"]) == 20


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "cannot be read"), ("nothing", "holds no certificate"), ("-----BEGIN PRIVATE KEY-----", "private key")],
)
def test_a_file_that_is_no_certificate_is_refused(tb: Tb, tmp_path: Path, content: str | None, what: str) -> None:
    path = tmp_path / "c.pem"
    if content:
        path.write_text(content)
    done = tb("profile", "apply", "--strategy", "x509-chain", "--certificate", str(path))
    assert done.code == 2
    assert what in done.stderr


def test_alarm_rules_are_calculated_fields_since_4_3(tb: Tb, rest: RestClient, model: Path) -> None:
    assert tb.json("profile", "apply", "--generate-secret")["alarm_rules"] == {"Too hot": "created"}
    there = _there(rest)
    assert there["profileData"]["alarms"] is None
    (rule,) = rest.alarm_rules(there["id"]["id"])
    assert (rule["entityId"], _warning(rule["configuration"])["alarmDetails"]) == (there["id"], "Above 90 degrees")
    rest.put_alarm_rule({**rule, "configurationVersion": 7})
    assert tb.json("profile", "apply")["alarm_rules"] == {"Too hot": "unchanged"}
    wanted = copy.deepcopy(ALARM_RULES)
    _warning(wanted["calculatedFields"][0]["configuration"])["alarmDetails"] = "Much too hot"
    (model / "alarm_rules.json").write_text(json.dumps(wanted))
    assert tb.json("profile", "apply", "--dry-run")["alarm_rules"] == {"Too hot": "would be changed"}
    assert tb.json("profile", "apply")["alarm_rules"] == {"Too hot": "changed"}
    (rule,) = rest.alarm_rules(there["id"]["id"])
    assert (_warning(rule["configuration"])["alarmDetails"], rule["configurationVersion"]) == ("Much too hot", 7)


def test_alarm_rules_are_part_of_the_profile_before_4_3(tb: Tb, server: StandInThread, rest: RestClient) -> None:
    server.settings.server_version = "4.2"
    assert tb.json("profile", "apply", "--generate-secret")["alarm_rules"] == {}
    there = _there(rest)
    (alarm,) = there["profileData"]["alarms"]
    by_hand = {**alarm, "id": "by-hand", "alarmType": "Too cold"}
    there["profileData"]["alarms"].insert(0, by_hand)
    rest.put_profile(there)
    assert tb.json("profile", "apply")["status"] == "unchanged"
    there = _there(rest)
    _warning(there["profileData"]["alarms"][1])["alarmDetails"] = "Changed by hand"
    rest.put_profile(there)
    (change,) = tb.json("profile", "apply")["changes"]
    assert change == {
        "field": "profileData.alarms.a-hot.createRules.WARNING.alarmDetails",
        "there": "Changed by hand",
        "wanted": "Above 90 degrees",
    }
    assert _there(rest)["profileData"]["alarms"] == [by_hand, alarm]


def test_a_model_without_alarm_rules_has_none(tb: Tb, model: Path) -> None:
    (model / "alarm_rules.json").unlink()
    assert tb.json("profile", "apply", "--generate-secret")["alarm_rules"] == {}


def test_show_hides_key_and_secret(tb: Tb, rest: RestClient, profile: str) -> None:
    there = _there(rest)
    for done in (tb("profile", "show"), tb("profile", "show", "--json")):
        assert there["provisionDeviceKey"] not in done.stdout
        assert _configuration(rest)["provisionDeviceSecret"] not in done.stdout
    result = tb.json("profile", "show", "--show-secrets")
    assert result == {
        "name": profile,
        "id": there["id"]["id"],
        "transport": "DEFAULT",
        "default": False,
        "devices": 0,
        "provisioning": {
            "strategy": "ALLOW_CREATE_NEW_DEVICES",
            "key": there["provisionDeviceKey"],
            "secret": _configuration(rest)["provisionDeviceSecret"],
        },
    }


def test_show_of_a_profile_that_is_not_there(tb: Tb) -> None:
    done = tb("profile", "show", "--name", "nowhere")
    assert done.code == 1
    assert "there is no device profile 'nowhere'" in done.stderr
    assert "tb.py profile apply" in done.stderr


@pytest.mark.usefixtures("profile")
def test_delete_is_done_once(tb: Tb, rest: RestClient) -> None:
    done = tb("profile", "delete")
    assert (done.code, rest.find_profile(MODEL) is None) == (2, False)
    assert "--yes" in done.stderr
    assert tb.json("profile", "delete", "--yes") == {"name": MODEL, "status": "deleted"}
    assert rest.find_profile(MODEL) is None
    assert tb.json("profile", "delete", "--yes") == {"name": MODEL, "status": "unchanged"}


@pytest.mark.usefixtures("profile")
def test_delete_names_the_devices_that_use_it(tb: Tb, rest: RestClient) -> None:
    profile_id = _there(rest)["id"]["id"]
    for number in range(7):
        rest.save_device(f"d{number}", profile_id)
    done = tb("profile", "delete", "--yes")
    assert done.code == 1
    assert "is used by d0, d1, d2, d3, d4 and 2 more" in done.stderr
    assert "tb.py device delete" in done.stderr
    assert rest.find_profile(MODEL) is not None


def test_the_default_profile_stays(tb: Tb) -> None:
    done = tb("profile", "delete", "--name", "default", "--yes")
    assert done.code == 1
    assert "default profile" in done.stderr


def test_a_key_of_another_profile_is_told_with_its_name(
    tb: Tb, server: StandInThread, rest: RestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.create_profile("greenhouse", KEY, "s")
    monkeypatch.setenv("TB_PROVISION_KEY", KEY)
    done = tb("profile", "apply", "--generate-secret")
    assert done.code == 1
    assert "the provision key is used by device profile 'greenhouse' already" in done.stderr
    assert "TB_PROVISION_KEY" in done.stderr
    assert KEY not in done.stderr
    assert rest.find_profile(MODEL) is None


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "there is no server/profile.json"), ("{", "is no JSON"), ("[]", "has no name"), ("{}", "has no name")],
)
def test_a_project_without_a_profile_says_how_to_get_one(tb: Tb, model: Path, content: str | None, what: str) -> None:
    path = model / "profile.json"
    path.unlink() if content is None else path.write_text(content)
    done = tb("profile", "apply")
    assert done.code == 1
    assert what in done.stderr
    assert "make gen" in done.stderr
