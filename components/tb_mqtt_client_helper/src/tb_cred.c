#include "tb/tb_cred.h"

#include <string.h>

// record: version(1) kind(1) length(2, little endian) payload(length) crc32(4, little endian, of all before it)
// payload: an access token: the token; MQTT basic: client_id NUL username NUL password; a certificate: nothing
#define RECORD_VERSION 1
#define HEADER_LEN 4
#define LENGTH_AT 2
#define CRC_LEN 4

tb_err_t tb_cred_from_token(tb_str_t token, tb_cred_t *out)
{
    char username[TB_CRED_TEXT_MAX + 1];
    if (token.len == 0 || memchr(token.ptr, '\0', token.len) != NULL) {
        return TB_ERR_INVALID_ARG;
    }
    tb_err_t err = tb_str_copy(token, username, sizeof(username));
    if (err == TB_OK) {
        *out = (tb_cred_t){.kind = TB_CRED_ACCESS_TOKEN};
        memcpy(out->username, username, token.len);
        tb_wipe(username, sizeof(username));
    }
    return err;
}

void tb_cred_make_text(const uint8_t random[TB_CRED_OWN_TEXT_LEN], char out[TB_CRED_TEXT_MAX + 1])
{
    // 64 characters, so that six random bits choose one without bias; the last two are legal in a token as well
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (size_t i = 0; i < TB_CRED_OWN_TEXT_LEN; i++) {
        out[i] = ALPHABET[random[i] & 0x3F];
    }
    out[TB_CRED_OWN_TEXT_LEN] = '\0';
}

bool tb_cred_is_valid(const tb_cred_t *cred)
{
    bool has_username = cred->username[0] != '\0';
    switch (cred->kind) {
    case TB_CRED_ACCESS_TOKEN:
        return has_username;
    case TB_CRED_MQTT_BASIC:
        return has_username || (cred->client_id[0] != '\0' && cred->password[0] == '\0');
    case TB_CRED_X509:
        return !has_username;
    case TB_CRED_NONE:
        break;
    }
    return false;
}

bool tb_cred_equal(const tb_cred_t *a, const tb_cred_t *b)
{
    return a->kind == b->kind && strcmp(a->client_id, b->client_id) == 0 && strcmp(a->username, b->username) == 0 &&
           strcmp(a->password, b->password) == 0;
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

/** The texts of a record stand in this order; an access token is a user name alone. */
enum { CLIENT_ID, USERNAME, PASSWORD, TEXTS };

static size_t first_text(tb_cred_kind_t kind)
{
    return kind == TB_CRED_MQTT_BASIC ? CLIENT_ID : USERNAME;
}

static size_t last_text(tb_cred_kind_t kind)
{
    return kind == TB_CRED_MQTT_BASIC ? PASSWORD : USERNAME;
}

tb_err_t tb_cred_encode(const tb_cred_t *cred, tb_buf_t *out)
{
    const char *const texts[TEXTS] = {cred->client_id, cred->username, cred->password};
    if (!tb_cred_is_valid(cred)) {
        return TB_ERR_INVALID_ARG;
    }
    tb_buf_t record = {.ptr = out->ptr + out->len, .cap = out->cap - out->len, .overflow = out->overflow};
    put_little_endian(&record, RECORD_VERSION | (uint32_t)cred->kind << 8, HEADER_LEN);
    for (size_t i = first_text(cred->kind); i <= last_text(cred->kind); i++) {
        tb_buf_put(&record, (tb_str_t){.ptr = texts[i], .len = strlen(texts[i]) + (i < last_text(cred->kind))});
    }
    if (!record.overflow) {
        record.ptr[LENGTH_AT] = (char)(record.len - HEADER_LEN);
        record.ptr[LENGTH_AT + 1] = (char)((record.len - HEADER_LEN) >> 8);
        put_little_endian(&record, crc32(record.ptr, record.len), CRC_LEN);
    }
    out->overflow = record.overflow;
    out->len += record.overflow ? 0 : record.len;
    return tb_buf_result(out);
}

/** Copies what is before the next NUL, or the last text, to @p dst, and takes it off @p rest. */
static tb_err_t take_text(tb_str_t *rest, bool is_last, char dst[TB_CRED_TEXT_MAX + 1])
{
    const char *nul = memchr(rest->ptr, '\0', rest->len);
    if ((nul == NULL) != is_last) {
        return TB_ERR_INVALID_ARG;
    }
    tb_str_t text = {.ptr = rest->ptr, .len = is_last ? rest->len : (size_t)(nul - rest->ptr)};
    size_t taken = text.len + (is_last ? 0 : 1);
    *rest = (tb_str_t){.ptr = rest->ptr + taken, .len = rest->len - taken};
    return tb_str_copy(text, dst, TB_CRED_TEXT_MAX + 1);
}

static tb_err_t read_payload(tb_str_t payload, tb_cred_t *cred)
{
    char *const texts[TEXTS] = {cred->client_id, cred->username, cred->password};
    for (size_t i = first_text(cred->kind); i <= last_text(cred->kind); i++) {
        tb_err_t err = take_text(&payload, i == last_text(cred->kind), texts[i]);
        if (err != TB_OK) {
            return err;
        }
    }
    return tb_cred_is_valid(cred) ? TB_OK : TB_ERR_INVALID_ARG;
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
    if (record.ptr[0] != RECORD_VERSION || record.ptr[1] < TB_CRED_ACCESS_TOKEN || record.ptr[1] > TB_CRED_X509 ||
        read_little_endian(record.ptr + 2, 2) != body_len - HEADER_LEN) {
        return TB_ERR_INVALID_VERSION;
    }
    tb_cred_t cred = {.kind = (tb_cred_kind_t)record.ptr[1]};
    tb_err_t err = read_payload((tb_str_t){.ptr = record.ptr + HEADER_LEN, .len = body_len - HEADER_LEN}, &cred);
    if (err == TB_OK) {
        *out = cred;
    }
    tb_wipe(&cred, sizeof(cred));
    return err;
}
