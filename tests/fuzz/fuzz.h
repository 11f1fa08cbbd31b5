/** @file fuzz.h  What every fuzz target stands on: its entry, checks that abort, and input taken byte by byte. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tb/tb_buf.h"

/** The target: called with one input after another, by libFuzzer or by replay.c. Always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the program, which counts as a crash of this input, unless @p condition holds. */
#define fuzz_check(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))

_Noreturn static inline void fuzz_fail(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/** The byte that fills memory which must stay untouched. */
#define FUZZ_FILL 0xA5

/** Copies @p len bytes to a heap block that ends where they end, so that AddressSanitizer sees a read past them. */
static inline tb_str_t fuzz_copy(const void *bytes, size_t len)
{
    char *block = malloc(len > 0 ? len : 1);
    fuzz_check(block != NULL);
    if (len > 0) {
        memcpy(block, bytes, len);
    }
    return (tb_str_t){.ptr = len > 0 ? block : block + 1, .len = len};
}

static inline void fuzz_free(tb_str_t copy)
{
    free((void *)(uintptr_t)(copy.len > 0 || copy.ptr == NULL ? copy.ptr : copy.ptr - 1));
}

/** What is left of the input. */
typedef struct {
    const uint8_t *at;
    size_t left;
} fuzz_input_t;

/** Takes a byte; 0 when nothing is left. */
static inline uint8_t fuzz_take_byte(fuzz_input_t *in)
{
    if (in->left == 0) {
        return 0;
    }
    in->left--;
    return *in->at++;
}

/** Takes two bytes, the first one the lower. */
static inline uint16_t fuzz_take_u16(fuzz_input_t *in)
{
    unsigned low = fuzz_take_byte(in);
    return (uint16_t)(low | (unsigned)fuzz_take_byte(in) << 8);
}

/** Takes four bytes, the first one the lowest. */
static inline uint32_t fuzz_take_u32(fuzz_input_t *in)
{
    uint32_t low = fuzz_take_u16(in);
    return low | (uint32_t)fuzz_take_u16(in) << 16;
}

/** Takes up to @p len bytes, as fuzz_copy() makes them: free them with fuzz_free(). */
static inline tb_str_t fuzz_take_text(fuzz_input_t *in, size_t len)
{
    len = len < in->left ? len : in->left;
    tb_str_t text = fuzz_copy(in->at, len);
    in->at += len;
    in->left -= len;
    return text;
}
