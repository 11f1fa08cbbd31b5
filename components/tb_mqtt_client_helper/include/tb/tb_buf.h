/**
 * @file tb_buf.h
 * Bounded text: tb_str_t is a borrowed view, tb_buf_t a writer into the caller's memory.
 * Nothing here allocates, and nothing is shared: safe from any task as long as one object stays in one task.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tb/tb_err.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of what generated code and this library ask of each other. */
#define TB_GEN_ABI 1

#define TB_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/** A view of bytes that somebody else owns; not NUL-terminated. Lives as long as its owner says. */
typedef struct {
    const char *ptr;
    size_t len;
} tb_str_t;

/** A view of a string literal. */
#define TB_STR(literal) ((tb_str_t){.ptr = (literal), .len = sizeof(literal) - 1})

/** A view of the NUL-terminated @p text, which must outlive the view. */
tb_str_t tb_str(const char *text);

bool tb_str_equal(tb_str_t a, tb_str_t b);

/**
 * A writer with a sticky overflow flag: append freely, check once with tb_buf_result().
 * An append that does not fit writes nothing, and neither does any after it.
 */
typedef struct {
    char *ptr;
    size_t cap;
    size_t len;
    bool overflow;
} tb_buf_t;

/** A writer into the char array @p array, which must outlive it. */
#define TB_BUF(array) ((tb_buf_t){.ptr = (array), .cap = sizeof(array), .len = 0, .overflow = false})

void tb_buf_put(tb_buf_t *out, tb_str_t text);
void tb_buf_put_char(tb_buf_t *out, char c);
void tb_buf_put_uint(tb_buf_t *out, uint64_t value);
void tb_buf_put_int(tb_buf_t *out, int64_t value);

/** Appends @p value rounded half away from zero to @p decimals (0..9) places, shortest form: 25.0 is "25", -0.0 is "0".
 *  @retval TB_ERR_OUT_OF_RANGE  NaN, or |value| * 10^decimals is not below 10^15; nothing is appended. */
TB_NODISCARD tb_err_t tb_buf_put_fixed(tb_buf_t *out, double value, unsigned decimals);

/** What was written so far; valid until the next append. */
tb_str_t tb_buf_view(const tb_buf_t *buf);

/** @retval TB_ERR_TOO_LONG  an append did not fit. */
TB_NODISCARD tb_err_t tb_buf_result(const tb_buf_t *buf);

/** Terminates the text with NUL, which does not count in len. @retval TB_ERR_TOO_LONG  no room, or an earlier overflow.
 */
TB_NODISCARD tb_err_t tb_buf_terminate(tb_buf_t *buf);

/** Copies @p text with a NUL into @p dst of @p cap bytes. @retval TB_ERR_TOO_LONG  no room; @p dst is untouched. */
TB_NODISCARD tb_err_t tb_str_copy(tb_str_t text, char *dst, size_t cap);

/** Text number @p at of @p texts, which stand one behind the other, each with its NUL: a table without pointers. */
const char *tb_text_at(const char *texts, size_t at);

/** Overwrites secrets; the compiler does not remove it. */
void tb_wipe(void *memory, size_t len);

#ifdef __cplusplus
}
#endif
