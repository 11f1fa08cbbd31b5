// A leak, preloaded under the firmware: memory and a descriptor for each connection.

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LEAKED_BYTES 16384

int connect(int socket, const struct sockaddr *address, socklen_t len)
{
    int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    void *memory = malloc(LEAKED_BYTES);
    if (memory == NULL || dup(STDERR_FILENO) < 0) {
        abort();
    }
    memset(memory, 1, LEAKED_BYTES);
    return next(socket, address, len);
}
