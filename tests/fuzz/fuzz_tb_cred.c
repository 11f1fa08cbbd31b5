// Input: two bytes that choose where to damage a record, then a record, with its checksum or without, or a
// token, or the random bytes of one.

#include "fuzz.h"
#include "tb/tb_cred.h"

#define CRC_LEN 4
#define BITS_OF_BYTE 8

/** CRC-32 (IEEE 802.3) by its polynomial, highest bit first and mirrored at the end: not the way tb_cred.c does it. */
static uint32_t crc32_of(tb_str_t text)
{
    uint32_t crc = 0xFFFFFFFF;
    for (size_t bit = 0; bit < text.len * BITS_OF_BYTE; bit++) {
        uint32_t next = ((uint8_t)text.ptr[bit / BITS_OF_BYTE] >> (bit % BITS_OF_BYTE)) & 1;
        crc = (crc << 1) ^ ((crc >> 31) != next ? 0x04C11DB7 : 0);
    }
    uint32_t mirrored = 0;
    for (unsigned bit = 0; bit < 32; bit++) {
        mirrored |= ((crc >> bit) & 1) << (31 - bit);
    }
    return ~mirrored;
}

static bool ends_in_crc(tb_str_t record)
{
    uint32_t crc = crc32_of((tb_str_t){.ptr = record.ptr, .len = record.len - CRC_LEN});
    for (size_t i = 0; i < CRC_LEN; i++) {
        if ((uint8_t)record.ptr[record.len - CRC_LEN + i] != (uint8_t)(crc >> (BITS_OF_BYTE * i))) {
            return false;
        }
    }
    return true;
}

static tb_err_t decode(tb_str_t record, tb_cred_t *out)
{
    tb_cred_t before;
    memset(out, FUZZ_FILL, sizeof(*out));
    memset(&before, FUZZ_FILL, sizeof(before));
    tb_str_t copy = fuzz_copy(record.ptr, record.len);
    tb_err_t err = tb_cred_decode(copy, out);
    fuzz_free(copy);
    fuzz_check(err == TB_OK || memcmp(out, &before, sizeof(before)) == 0);
    return err;
}

/** Encodes @p cred into a block that is just long enough. The caller frees it. */
static tb_str_t encode(const tb_cred_t *cred)
{
    char record[TB_CRED_RECORD_MAX];
    tb_buf_t out = TB_BUF(record);
    fuzz_check(tb_cred_encode(cred, &out) == TB_OK);
    tb_buf_t cut = {.ptr = record, .cap = out.len - 1};
    tb_str_t exact = fuzz_copy(record, out.len);
    fuzz_check(tb_cred_encode(cred, &cut) == TB_ERR_TOO_LONG);
    return exact;
}

static void check_damage(tb_str_t record, size_t where)
{
    tb_cred_t cred;
    tb_str_t damaged = fuzz_copy(record.ptr, record.len);
    size_t bit = where % (record.len * BITS_OF_BYTE);
    char *byte = (char *)(uintptr_t)damaged.ptr + bit / BITS_OF_BYTE;
    *byte = (char)(*byte ^ (1 << (bit % BITS_OF_BYTE)));
    fuzz_check(decode(damaged, &cred) == TB_ERR_INVALID_CRC);
    fuzz_free(damaged);
    fuzz_check(decode((tb_str_t){.ptr = record.ptr, .len = where % record.len}, &cred) != TB_OK);
}

/** @p cred is what a device can work with, and its record the only one that reads so. */
static void check_cred(const tb_cred_t *cred, size_t where)
{
    tb_cred_t again;
    fuzz_check(tb_cred_is_valid(cred));
    fuzz_check(memchr(cred->client_id, '\0', sizeof(cred->client_id)) != NULL);
    fuzz_check(memchr(cred->username, '\0', sizeof(cred->username)) != NULL);
    fuzz_check(memchr(cred->password, '\0', sizeof(cred->password)) != NULL);
    tb_str_t record = encode(cred);
    fuzz_check(ends_in_crc(record));
    fuzz_check(decode(record, &again) == TB_OK && tb_cred_equal(cred, &again));
    check_damage(record, where);
    fuzz_free(record);
}

static void check_record(tb_str_t record, size_t where)
{
    tb_cred_t cred;
    if (decode(record, &cred) == TB_OK) {
        check_cred(&cred, where);
        tb_str_t again = encode(&cred);
        fuzz_check(tb_str_equal(record, again));
        fuzz_free(again);
    }
}

static void check_token(tb_str_t token, size_t where)
{
    tb_cred_t cred;
    memset(&cred, FUZZ_FILL, sizeof(cred));
    if (tb_cred_from_token(token, &cred) == TB_OK) {
        check_cred(&cred, where);
        fuzz_check(tb_str_equal(tb_str(cred.username), token));
    }
}

/** What the device makes for itself is plain text of full length. */
static void check_own_token(fuzz_input_t in, size_t where)
{
    tb_cred_t cred;
    uint8_t random[TB_CRED_OWN_TEXT_LEN];
    for (size_t i = 0; i < sizeof(random); i++) {
        random[i] = fuzz_take_byte(&in);
    }
    memset(&cred, 0, sizeof(cred));
    cred.kind = TB_CRED_ACCESS_TOKEN;
    tb_cred_make_text(random, cred.username);
    check_cred(&cred, where);
    fuzz_check(strlen(cred.username) == TB_CRED_OWN_TEXT_LEN);
    fuzz_check(strspn(cred.username, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
               TB_CRED_OWN_TEXT_LEN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input_t in = {.at = data, .left = size};
    size_t where = fuzz_take_u16(&in);
    check_own_token(in, where);
    tb_str_t text = fuzz_take_text(&in, in.left);
    check_record(text, where);
    check_token(text, where);

    tb_buf_t record = {.ptr = malloc(text.len + CRC_LEN), .cap = text.len + CRC_LEN};
    fuzz_check(record.ptr != NULL);
    tb_buf_put(&record, text);
    uint32_t crc = crc32_of(text);
    for (unsigned i = 0; i < CRC_LEN; i++) {
        tb_buf_put_char(&record, (char)(crc >> (BITS_OF_BYTE * i)));
    }
    check_record(tb_buf_view(&record), where);
    free(record.ptr);
    fuzz_free(text);
    return 0;
}
