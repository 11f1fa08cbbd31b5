// Input: a text that may be JSON; the same bytes are also written as a string and read back.

#include "fuzz.h"
#include "tb/tb_json.h"

#define ESCAPED_MAX 6 // \u001b
#define KEYS 5

static char *allocate(size_t len)
{
    char *block = malloc(len > 0 ? len : 1);
    fuzz_check(block != NULL);
    return block;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/** Checks a text built of @p parts, on the heap. */
static tb_err_t check_joined(const tb_str_t *parts, size_t count)
{
    size_t cap = 0;
    for (size_t i = 0; i < count; i++) {
        cap += parts[i].len;
    }
    tb_buf_t joined = {.ptr = allocate(cap), .cap = cap};
    for (size_t i = 0; i < count; i++) {
        tb_buf_put(&joined, parts[i]);
    }
    fuzz_check(tb_buf_result(&joined) == TB_OK);
    tb_err_t err = tb_json_check(tb_buf_view(&joined));
    free(joined.ptr);
    return err;
}

/** A text that is JSON stays it with space around it, and is none with more of anything else, or with its end cut. */
static void check_neighbours(tb_str_t text)
{
    const tb_str_t with_space[] = {TB_STR(" \t"), text, TB_STR("\r\n")};
    const tb_str_t with_comma[] = {text, TB_STR(",")};
    const tb_str_t twice[] = {text, TB_STR(" "), text};
    fuzz_check(check_joined(with_space, TB_COUNT(with_space)) == TB_OK);
    fuzz_check(check_joined(with_comma, TB_COUNT(with_comma)) == TB_ERR_BAD_JSON);
    fuzz_check(check_joined(twice, TB_COUNT(twice)) == TB_ERR_BAD_JSON);
    while (is_space(text.ptr[text.len - 1])) {
        text.len--;
    }
    if (strchr("]}\"", text.ptr[text.len - 1]) != NULL) {
        tb_str_t cut = fuzz_copy(text.ptr, text.len - 1);
        fuzz_check(tb_json_check(cut) != TB_OK);
        fuzz_free(cut);
    }
}

/** The bytes of @p text, written as a string, are JSON that reads as the same bytes; or they are no UTF-8. */
static tb_err_t check_written(tb_str_t text)
{
    size_t cap = text.len * ESCAPED_MAX + 2;
    tb_buf_t out = {.ptr = allocate(cap), .cap = cap};
    tb_err_t err = tb_json_put_string(&out, text);
    fuzz_check(err == TB_OK || (err == TB_ERR_BAD_UTF8 && out.len == 0));
    if (err == TB_OK) {
        fuzz_check(tb_buf_result(&out) == TB_OK);
        fuzz_check(tb_json_check(tb_buf_view(&out)) == TB_OK);
        tb_json_value_t value = {.type = TB_JSON_STRING, .raw = {.ptr = out.ptr + 1, .len = out.len - 2}};
        fuzz_check(tb_json_is_string(&value, text));
        char *read = allocate(text.len + 1);
        memset(read, FUZZ_FILL, text.len + 1);
        bool has_nul = text.len > 0 && memchr(text.ptr, '\0', text.len) != NULL;
        fuzz_check(tb_json_read_string(&value, read, text.len + 1) == (has_nul ? TB_ERR_BAD_JSON : TB_OK));
        if (!has_nul) {
            fuzz_check(tb_str_equal(tb_str(read), text));
            fuzz_check(tb_json_read_string(&value, read, text.len) == TB_ERR_TOO_LONG);
        }
        free(read);
    }
    free(out.ptr);
    return err;
}

static void check_string(const tb_json_value_t *value)
{
    char *text = allocate(value->raw.len + 1); // a string never reads longer than it is written
    tb_err_t err = tb_json_read_string(value, text, value->raw.len + 1);
    fuzz_check(err == TB_OK || err == TB_ERR_BAD_JSON);
    if (err == TB_OK) {
        fuzz_check(tb_json_is_string(value, tb_str(text)));
        fuzz_check(check_written(tb_str(text)) == TB_OK);
    }
    free(text);
}

static void check_value(tb_str_t text, const tb_json_value_t *value)
{
    if (value->type == TB_JSON_ABSENT) {
        fuzz_check(value->raw.len == 0);
        return;
    }
    fuzz_check(value->raw.ptr >= text.ptr && value->raw.ptr + value->raw.len <= text.ptr + text.len);
    if (value->type == TB_JSON_STRING) {
        check_string(value);
        return;
    }
    char none[1] = {'?'};
    fuzz_check(!tb_json_is_string(value, value->raw));
    fuzz_check(tb_json_read_string(value, none, sizeof(none)) == TB_ERR_INCOMPLETE && none[0] == '?');
    fuzz_check(tb_json_check(value->raw) == TB_OK);
    const char *starts[] = {[TB_JSON_NULL] = "n",
                            [TB_JSON_BOOL] = "tf",
                            [TB_JSON_NUMBER] = "-0123456789",
                            [TB_JSON_OBJECT] = "{",
                            [TB_JSON_ARRAY] = "["};
    fuzz_check(strchr(starts[value->type], value->raw.ptr[0]) != NULL);
}

static void check_object(tb_str_t text, tb_err_t checked)
{
    static const tb_str_t NAMES[KEYS] = {TB_STR("status"), TB_STR("credentialsValue"), TB_STR("a"), TB_STR(""),
                                         TB_STR("\xC3\xA9\xF0\x9F\x98\x80")};
    tb_json_member_t members[KEYS];
    tb_json_member_t before[KEYS];
    memset(members, FUZZ_FILL, sizeof(members));
    for (size_t i = 0; i < KEYS; i++) {
        members[i].key = NAMES[i];
    }
    memcpy(before, members, sizeof(before));
    tb_err_t err = tb_json_read_object(text, members, KEYS);
    if (err != TB_OK) {
        fuzz_check(checked == TB_OK ? err == TB_ERR_BAD_JSON || err == TB_ERR_TOO_LONG : err == checked);
        fuzz_check(memcmp(before, members, sizeof(before)) == 0);
        return;
    }
    fuzz_check(checked == TB_OK);
    for (size_t i = 0; i < KEYS; i++) {
        check_value(text, &members[i].value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tb_str_t text = fuzz_copy(data, size);
    tb_err_t err = tb_json_check(text);
    fuzz_check(err == TB_OK || err == TB_ERR_BAD_JSON || err == TB_ERR_BAD_UTF8 || err == TB_ERR_TOO_LONG);
    if (err == TB_OK) {
        check_neighbours(text);
    }
    check_object(text, err);
    (void)check_written(text);
    fuzz_free(text);
    return 0;
}
