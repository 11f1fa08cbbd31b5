/**
 * @file tb_json.h
 * JSON (RFC 8259) without heap: a writer of strings, and a strict reader of one object's members.
 * The reader accepts only what is valid UTF-8, at most TB_JSON_DEPTH_MAX deep and TB_JSON_TOKENS_MAX tokens long,
 * and refuses an object in which a key stands twice.
 */
#pragma once

#include "tb/tb_buf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TB_JSON_DEPTH_MAX 8
#define TB_JSON_TOKENS_MAX 32

typedef enum {
    TB_JSON_ABSENT,
    TB_JSON_NULL,
    TB_JSON_BOOL,
    TB_JSON_NUMBER,
    TB_JSON_STRING,
    TB_JSON_OBJECT,
    TB_JSON_ARRAY,
} tb_json_type_t;

/** A value inside the text it was read from: borrowed, lives as long as that text. */
typedef struct {
    tb_json_type_t type;
    tb_str_t raw; /**< As on the wire; of a string what stands between the quotes, still escaped. */
} tb_json_value_t;

/** What to look for, and what was found. */
typedef struct {
    tb_str_t key; /**< Unescaped. */
    tb_json_value_t value;
} tb_json_member_t;

/** @retval TB_ERR_BAD_JSON  @p text is not one JSON value. @retval TB_ERR_BAD_UTF8  it is not UTF-8.
 *  @retval TB_ERR_TOO_LONG  it is deeper than TB_JSON_DEPTH_MAX. */
TB_NODISCARD tb_err_t tb_json_check(tb_str_t text);

/**
 * Reads the object @p text: each member of @p members gets its value, or TB_JSON_ABSENT; other keys are skipped.
 * On error @p members is untouched.
 * @retval TB_ERR_BAD_JSON  not a valid object, or a key stands twice.
 * @retval TB_ERR_TOO_LONG  more than TB_JSON_TOKENS_MAX tokens, or too deep.
 */
TB_NODISCARD tb_err_t tb_json_read_object(tb_str_t text, tb_json_member_t *members, size_t count);

/**
 * Unescapes the string @p value into @p dst of @p cap bytes, with a NUL. On error @p dst is untouched.
 * @retval TB_ERR_INCOMPLETE  not a string. @retval TB_ERR_TOO_LONG  no room.
 * @retval TB_ERR_BAD_JSON  it holds U+0000, which a C string cannot.
 */
TB_NODISCARD tb_err_t tb_json_read_string(const tb_json_value_t *value, char *dst, size_t cap);

/** True if @p value is a string that reads @p text. */
bool tb_json_is_string(const tb_json_value_t *value, tb_str_t text);

/** Appends @p text as a JSON string, quoted and escaped. @retval TB_ERR_BAD_UTF8  nothing is appended. */
TB_NODISCARD tb_err_t tb_json_put_string(tb_buf_t *out, tb_str_t text);

#ifdef __cplusplus
}
#endif
