#include "fake_journal.h"

#include <stdio.h>
#include <string.h>

#include "tb_test.h"

#define LINES_MAX 512
#define LINE_MAX_LEN 512

static char s_lines[LINES_MAX][LINE_MAX_LEN];
static size_t s_count;

void fake_journal_reset(void)
{
    s_count = 0;
}

void fake_journal_add(const char *format, ...)
{
    va_list args;
    if (s_count == LINES_MAX) {
        fail_msg("the journal is full: the code under test does not come to an end");
    }
    va_start(args, format);
    (void)vsnprintf(s_lines[s_count++], LINE_MAX_LEN, format, args);
    va_end(args);
}

void fake_journal_print(void)
{
    for (size_t i = 0; i < s_count; i++) {
        print_error("journal %2zu: %s\n", i, s_lines[i]);
    }
}

void fake_journal_expect_from(size_t from, const char *const *lines, size_t count)
{
    bool same = s_count >= from && s_count - from == count;
    for (size_t i = 0; same && i < count; i++) {
        same = strcmp(s_lines[from + i], lines[i]) == 0;
    }
    if (!same) {
        fake_journal_print();
        for (size_t i = 0; i < count; i++) {
            print_error("expected %2zu: %s\n", from + i, lines[i]);
        }
        fail_msg("the journal is not as expected");
    }
}

int fake_journal_find(const char *prefix, int from)
{
    for (size_t i = (size_t)from; i < s_count; i++) {
        if (strncmp(s_lines[i], prefix, strlen(prefix)) == 0) {
            return (int)i;
        }
    }
    return -1;
}

void fake_journal_expect_order(const char *first, const char *second)
{
    int at = fake_journal_find(first, 0);
    int before = fake_journal_find(second, 0);
    if (at < 0 || before < at) {
        fake_journal_print();
        fail_msg("\"%s\" does not stand before \"%s\"", first, second);
    }
}

unsigned fake_journal_count(const char *prefix)
{
    unsigned found = 0;
    for (int at = fake_journal_find(prefix, 0); at >= 0; at = fake_journal_find(prefix, at + 1)) {
        found++;
    }
    return found;
}

size_t fake_journal_len(void)
{
    return s_count;
}
