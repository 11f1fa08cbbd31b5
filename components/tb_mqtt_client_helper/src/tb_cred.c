#include "tb/tb_cred.h"

#include <string.h>

// record: version(1) kind(1) length(2, little endian) payload(length) crc32(4, little endian, of all before it)
// payload: an access token: the token; MQTT basic: client_id NUL username NUL password; a certificate: nothing
#define RECORD_VERSION 1
#define HEADER_LEN 4
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

static void put_payload(const tb_cred_t *cred, tb_buf_t *out)
{
    if (cred->kind == TB_CRED_MQTT_BASIC) {
        tb_buf_put(out, tb_str(cred->client_id));
        tb_buf_put_char(out, '\0');
    }
    tb_buf_put(out, tb_str(cred->username));
    if (cred->kind == TB_CRED_MQTT_BASIC) {
        tb_buf_put_char(out, '\0');
        tb_buf_put(out, tb_str(cred->password));
    }
}

tb_err_t tb_cred_encode(const tb_cred_t *cred, tb_buf_t *out)
{
    if (!tb_cred_is_valid(cred)) {
        return TB_ERR_INVALID_ARG;
    }
    size_t start = out->len;
    size_t payload_len = strlen(cred->username);
    if (cred->kind == TB_CRED_MQTT_BASIC) {
        payload_len += strlen(cred->client_id) + strlen(cred->password) + 2;
    }
    put_little_endian(out, RECORD_VERSION, 1);
    put_little_endian(out, (uint32_t)cred->kind, 1);
    put_little_endian(out, (uint32_t)payload_len, 2);
    put_payload(cred, out);
    put_little_endian(out, crc32(out->ptr + start, out->len - start), CRC_LEN);
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
    bool is_basic = cred->kind == TB_CRED_MQTT_BASIC;
    tb_err_t err = is_basic ? take_text(&payload, false, cred->client_id) : TB_OK;
    if (err == TB_OK) {
        err = take_text(&payload, !is_basic, cred->username);
    }
    if (err == TB_OK && is_basic) {
        err = take_text(&payload, true, cred->password);
    }
    return err == TB_OK && !tb_cred_is_valid(cred) ? TB_ERR_INVALID_ARG : err;
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
