/**
 * @file tb_err.h
 * Error codes. They share the number space of ESP-IDF's esp_err_t, so a value passes through either world unchanged.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef int tb_err_t;

#define TB_NODISCARD __attribute__((warn_unused_result))

#define TB_OK 0
#define TB_ERR_BASE 0x54420000 /**< 'T' 'B' 0 0: above every range that ESP-IDF uses. */

/** Codes that ESP-IDF has too, with its numbers; port/esp_idf asserts the equality. */
#define TB_ERR_COMMON_LIST(X)                                                                                          \
    X(TB_ERR_NO_MEM, 0x101, "out of memory")                                                                           \
    X(TB_ERR_INVALID_ARG, 0x102, "invalid argument")                                                                   \
    X(TB_ERR_INVALID_STATE, 0x103, "not possible in this state")                                                       \
    X(TB_ERR_NOT_FOUND, 0x105, "not found")                                                                            \
    X(TB_ERR_INVALID_CRC, 0x109, "checksum does not match")                                                            \
    X(TB_ERR_INVALID_VERSION, 0x10A, "unknown version")

/** Codes of our own. */
#define TB_ERR_OWN_LIST(X)                                                                                             \
    X(TB_ERR_TOO_LONG, TB_ERR_BASE + 1, "does not fit its bounds")                                                     \
    X(TB_ERR_BAD_JSON, TB_ERR_BASE + 2, "not valid JSON")                                                              \
    X(TB_ERR_BAD_UTF8, TB_ERR_BASE + 3, "not valid UTF-8")                                                             \
    X(TB_ERR_INCOMPLETE, TB_ERR_BASE + 4, "a required member is missing or has the wrong type")                        \
    X(TB_ERR_OUT_OF_RANGE, TB_ERR_BASE + 5, "value out of range")                                                      \
    X(TB_ERR_STORE, TB_ERR_BASE + 6, "the credential store failed")                                                    \
    X(TB_ERR_TRANSPORT, TB_ERR_BASE + 7, "the MQTT client failed")                                                     \
    X(TB_ERR_NO_TIME, TB_ERR_BASE + 8, "the date is not known")

enum {
#define TB_ERR_ENUM(name, value, text) name = (value),
    TB_ERR_COMMON_LIST(TB_ERR_ENUM) TB_ERR_OWN_LIST(TB_ERR_ENUM)
#undef TB_ERR_ENUM
};

/** Returns a sentence for @p err, for a log line; never NULL, static lifetime. */
const char *tb_err_text(tb_err_t err);

#ifdef __cplusplus
}
#endif
