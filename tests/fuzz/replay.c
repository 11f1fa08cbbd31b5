// Gives every file below the named files and directories to the target, once: what `make test` does with the corpus.

#define _XOPEN_SOURCE 700

#include <ftw.h>

#include "fuzz.h"

#define OPEN_FILES 8

static unsigned s_files;

static int replay(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F) {
        fuzz_check(kind == FTW_D);
        return 0;
    }
    size_t size = (size_t)info->st_size;
    uint8_t *data = malloc(size > 0 ? size : 1);
    FILE *file = fopen(path, "rb");
    fuzz_check(data != NULL && file != NULL && fread(data, 1, size, file) == size);
    (void)fclose(file);
    (void)printf("%s\n", path);
    (void)fflush(stdout); // the last line names the file that crashes
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    s_files++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        fuzz_check(nftw(argv[i], replay, OPEN_FILES, FTW_PHYS) == 0);
    }
    fuzz_check(s_files > 0);
    (void)printf("%u files replayed\n", s_files);
    return 0;
}
