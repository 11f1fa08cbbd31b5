/** @file fake_journal.h  What the code under test did to the world, and what the world did to it, a line each. */
#pragma once

#include <stddef.h>

void fake_journal_reset(void);

/** Adds a line; a test that writes too many fails. */
__attribute__((format(printf, 1, 2))) void fake_journal_add(const char *format, ...);

/** Fails unless the journal reads @p lines from its line @p from on, and ends there. */
void fake_journal_expect_from(size_t from, const char *const *lines, size_t count);

/** Fails unless the whole journal reads these lines. */
#define fake_journal_expect(...)                                                                                       \
    fake_journal_expect_from(0, (const char *const[]){__VA_ARGS__},                                                    \
                             sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/** Returns the index of the first line at or after @p from that starts with @p prefix, or -1. */
int fake_journal_find(const char *prefix, int from);

/** Fails unless a line that starts with @p first stands, and after it one that starts with @p second. */
void fake_journal_expect_order(const char *first, const char *second);

/** How many lines start with @p prefix. */
unsigned fake_journal_count(const char *prefix);

size_t fake_journal_len(void);

/** Prints all of it. */
void fake_journal_print(void);
