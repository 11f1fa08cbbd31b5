/** @file tb_test.h  What every test program needs: cmocka, and text that ends where AddressSanitizer sees it. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tb/tb_buf.h"

/** The byte that fills memory which must stay untouched. */
#define TB_TEST_FILL 0xA5

#define assert_text(view, expected) assert_text_at(view, expected, __FILE__, __LINE__)

/** Fails unless @p view reads @p expected. */
static inline void assert_text_at(tb_str_t view, const char *expected, const char *file, int line)
{
    if (!tb_str_equal(view, tb_str(expected))) {
        print_error("\"%.*s\" is not \"%s\"\n", (int)view.len, view.len > 0 ? view.ptr : "", expected);
        _fail(file, line);
    }
}

/** Copies @p text to the heap with nothing after it, so that AddressSanitizer sees a read past its end. */
static inline tb_str_t heap_copy(tb_str_t text)
{
    char *copy = malloc(text.len > 0 ? text.len : 1);
    assert_non_null(copy);
    if (text.len > 0) {
        memcpy(copy, text.ptr, text.len);
    }
    return (tb_str_t){.ptr = copy, .len = text.len};
}

static inline void heap_free(tb_str_t text)
{
    free((void *)(uintptr_t)text.ptr);
}

/** Fails when a byte of the @p len bytes at @p memory is not @p byte. */
static inline void assert_filled(const void *memory, int byte, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        assert_int_equal(((const unsigned char *)memory)[i], byte);
    }
}
