// Allocates in every way that heap_count.c knows: 7 directly, and 1 through the C library.

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    void *got[8] = {malloc(1), calloc(2, 1), NULL, NULL, memalign(16, 5), aligned_alloc(16, 16), NULL, strdup("12345")};
    got[2] = realloc(NULL, 3);
    got[3] = reallocarray(NULL, 2, 2);
    int status = posix_memalign(&got[6], 16, 7);
    for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++) {
        status |= got[i] == NULL;
        free(got[i]);
    }
    return status;
}
