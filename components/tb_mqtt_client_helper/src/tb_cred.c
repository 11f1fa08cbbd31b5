#include "tb/tb_cred.h"

#include <assert.h>
#include <string.h>

// record: version(1) kind(1) length(2, little endian) token(length) crc32(4, little endian, of all before it)
#define RECORD_VERSION 1
#define HEADER_LEN 4
#define CRC_LEN 4

tb_err_t tb_cred_from_token(tb_str_t token, tb_cred_t *out)
{
    tb_cred_t cred = {.kind = TB_CRED_ACCESS_TOKEN};
    if (token.len == 0 || memchr(token.ptr, '\0', token.len) != NULL) {
        return TB_ERR_INVALID_ARG;
    }
    tb_err_t err = tb_str_copy(token, cred.token, sizeof(cred.token));
    if (err == TB_OK) {
        *out = cred;
    }
    tb_wipe(&cred, sizeof(cred));
    return err;
}

void tb_cred_make_token(const uint8_t random[TB_CRED_OWN_TOKEN_LEN], tb_cred_t *out)
{
    // 64 characters, so that six random bits choose one without bias; the last two are legal in a token as well
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    *out = (tb_cred_t){.kind = TB_CRED_ACCESS_TOKEN};
    for (size_t i = 0; i < TB_CRED_OWN_TOKEN_LEN; i++) {
        out->token[i] = ALPHABET[random[i] & 0x3F];
    }
}

bool tb_cred_equal(const tb_cred_t *a, const tb_cred_t *b)
{
    return a->kind == b->kind && strcmp(a->token, b->token) == 0;
}

/** CRC-32 (IEEE 802.3), bit by bit: a record is short and rarely read, a table would cost 1 KiB of flash. */
static uint32_t crc32(const char *data, size_t len)
{
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < len; i++) {
        crc ^= (uint8_t)data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) ? 0xEDB88320 : 0);
        }
    }
    return ~crc;
}

static void put_little_endian(tb_buf_t *out, uint32_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        tb_buf_put_char(out, (char)(value >> (8 * i)));
    }
}

static uint32_t read_little_endian(const char *at, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value |= (uint32_t)(uint8_t)at[i] << (8 * i);
    }
    return value;
}

tb_err_t tb_cred_encode(const tb_cred_t *cred, tb_buf_t *out)
{
    assert(cred->kind != TB_CRED_NONE);
    size_t start = out->len;
    tb_str_t token = tb_str(cred->token);
    put_little_endian(out, RECORD_VERSION, 1);
    put_little_endian(out, (uint32_t)cred->kind, 1);
    put_little_endian(out, (uint32_t)token.len, 2);
    tb_buf_put(out, token);
    put_little_endian(out, crc32(out->ptr + start, out->len - start), CRC_LEN);
    return tb_buf_result(out);
}

tb_err_t tb_cred_decode(tb_str_t record, tb_cred_t *out)
{
    if (record.len < HEADER_LEN + CRC_LEN) {
        return TB_ERR_INVALID_CRC;
    }
    size_t body_len = record.len - CRC_LEN;
    if (read_little_endian(record.ptr + body_len, CRC_LEN) != crc32(record.ptr, body_len)) {
        return TB_ERR_INVALID_CRC;
    }
    bool known = record.ptr[0] == RECORD_VERSION && record.ptr[1] == TB_CRED_ACCESS_TOKEN;
    if (!known || read_little_endian(record.ptr + 2, 2) != body_len - HEADER_LEN) {
        return TB_ERR_INVALID_VERSION;
    }
    return tb_cred_from_token((tb_str_t){.ptr = record.ptr + HEADER_LEN, .len = body_len - HEADER_LEN}, out);
}
