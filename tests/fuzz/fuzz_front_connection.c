// Input: the settings and the credentials that a request is made of, then a message: its topic and its payload.

#include "front_connection.h"
#include "fuzz_world.h"

#define TOPIC "/provision/response"
#define BITS_OF_BYTE 8

/** What the first byte says: which secrets are marked, so that the world finds them in the log. */
enum {
    KEY_IS_MARKED = 1 << 0,
    SECRET_IS_MARKED = 1 << 1,
    TOKEN_IS_MARKED = 1 << 2,
};

/** Takes a text of less than @p cap bytes with its NUL, as it may stand in `tb_cfg`. */
static void take_setting(fuzz_input_t *in, bool is_marked, char *dst, size_t cap)
{
    tb_str_t text = fuzz_take_text(in, fuzz_take_byte(in));
    int len = text.len < cap ? (int)text.len : (int)cap - 1;
    (void)snprintf(dst, cap, "%s%.*s", is_marked ? WORLD_CANARY : "", len, text.ptr);
    fuzz_free(text);
}

/** A request leaves as the world wants it (fuzz_world.c) when check says that it can be made, and only then. */
static void check_request(fuzz_input_t *in)
{
    app_settings_t settings = {.host = "tb.example", .port = 1883};
    tb_cred_t asked_for = {.kind = TB_CRED_ACCESS_TOKEN};
    uint8_t flags = fuzz_take_byte(in);
    take_setting(in, false, settings.device_name, sizeof(settings.device_name));
    take_setting(in, (flags & KEY_IS_MARKED) != 0, settings.provision_key, sizeof(settings.provision_key));
    take_setting(in, (flags & SECRET_IS_MARKED) != 0, settings.provision_secret, sizeof(settings.provision_secret));
    take_setting(in, (flags & TOKEN_IS_MARKED) != 0, asked_for.username, sizeof(asked_for.username));
    if (!tb_cred_is_valid(&asked_for)) {
        return;
    }
    bool can_ask = front_connection_check(&settings, &asked_for) == TB_OK;
    fuzz_check(front_connection_open(&settings) == TB_OK);
    bool has_asked = front_connection_request(&settings, &asked_for) == TB_OK;
    fuzz_check(has_asked == can_ask && world_requests() == (can_ask ? 1 : 0));
}

/** Reads the message; what is not the answer leaves @p out as it was. */
static bool read_message(tb_str_t topic, tb_str_t payload, tb_prov_response_t *out)
{
    tb_prov_response_t before;
    memset(out, FUZZ_FILL, sizeof(*out));
    memcpy(&before, out, sizeof(before));
    tb_str_t copy = fuzz_copy(topic.ptr, topic.len);
    bool is_answer = front_connection_read(copy, payload, out);
    fuzz_free(copy);
    fuzz_check(is_answer || memcmp(out, &before, sizeof(before)) == 0);
    return is_answer;
}

static bool is_answer(tb_str_t topic, tb_str_t payload)
{
    tb_prov_response_t response;
    return read_message(topic, payload, &response);
}

/** No topic that is nearly that of the answer is taken for it. */
static void check_neighbours(tb_str_t payload, size_t where)
{
    char text[] = TOPIC "\0";
    tb_str_t topic = TB_STR(TOPIC);
    fuzz_check(!is_answer((tb_str_t){.ptr = text, .len = topic.len + 1}, payload));
    text[topic.len] = (char)where;
    fuzz_check(!is_answer((tb_str_t){.ptr = text, .len = topic.len + 1}, payload));
    fuzz_check(!is_answer((tb_str_t){.ptr = text, .len = where % topic.len}, payload));
    size_t bit = where % (topic.len * BITS_OF_BYTE);
    text[bit / BITS_OF_BYTE] = (char)(text[bit / BITS_OF_BYTE] ^ (1 << bit % BITS_OF_BYTE));
    fuzz_check(!is_answer((tb_str_t){.ptr = text, .len = topic.len}, payload));
}

/** The answer is the message under the one topic, byte by byte, and reads as its payload does. */
static void check_message(tb_str_t topic, tb_str_t payload)
{
    tb_prov_response_t response;
    tb_prov_response_t expected;
    bool is_the_topic = topic.len == strlen(TOPIC) && memcmp(topic.ptr, TOPIC, topic.len) == 0;
    fuzz_check(is_answer(topic, payload) == is_the_topic);
    fuzz_check(read_message(TB_STR(TOPIC), payload, &response));
    tb_prov_parse_response(payload, &expected);
    fuzz_check(response.outcome == expected.outcome && tb_cred_equal(&response.cred, &expected.cred));
    fuzz_check(strcmp(response.error_text, expected.error_text) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (world_is_given_away(data, size)) {
        return 0;
    }
    fuzz_input_t in = {.at = data, .left = size};
    fuzz_input_t all_goes_well = {.left = 0};
    world_begin(&all_goes_well);
    check_request(&in);
    size_t where = fuzz_take_byte(&in);
    tb_str_t topic = fuzz_take_text(&in, fuzz_take_byte(&in));
    tb_str_t payload = fuzz_take_text(&in, in.left);
    check_message(topic, payload);
    check_neighbours(payload, where);
    fuzz_free(topic);
    fuzz_free(payload);
    tb_port_close();
    return 0;
}
