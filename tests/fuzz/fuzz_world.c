#define _GNU_SOURCE // memmem

#include "fuzz_world.h"

#include <setjmp.h>
#include <stdarg.h>

#include "tb/tb_json.h"
#include "tb/tb_store.h"
#include "tb_port_log.h"
#include "tb_protocol.h"

#define CALLS_MAX 20000 // more of them without input left: the device does not come to an end
#define MESSAGE_MAX 1024
#define OTHER_TASK 0xFF // the message id of an acknowledgement that is none: another task acts instead
#define LATE_MS 100     // for each message id
#define GRANTED WORLD_CANARY "-GRANTED"

#define ANSWER_SUCCESS(token)                                                                                          \
    "{\"credentialsValue\":\"" token "\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"
#define ANSWER_NOT_FOUND "{\"errorMsg\":\"Provision data was not found!\",\"status\":\"NOT_FOUND\"}"
#define ANSWER_FAILURE "{\"errorMsg\":\"Failed to provision device!\",\"status\":\"FAILURE\"}"
#define ANSWER_X509                                                                                                    \
    "{\"credentialsValue\":\"" WORLD_CANARY "\",\"credentialsType\":\"X509_CERTIFICATE\",\"status\":\"SUCCESS\"}"

typedef enum { WORKS, FAILS, CUT_BEFORE, CUT_AFTER } fate_t;

typedef struct {
    const char *key;
    char value[TB_CRED_RECORD_MAX];
    size_t len;
} slot_t;

static struct {
    fuzz_input_t *input;
    jmp_buf plug;
    uint64_t now_ms;
    unsigned calls;
    unsigned requests;
    unsigned trials;
    const char *token;
    void (*other_task)(uint8_t way);
    slot_t slots[2];
    bool is_open;
    bool is_trial;   /**< It was opened with the pending credentials. */
    bool is_up;      /**< The device was told that it is connected. */
    bool is_granted; /**< The device was told so by the server that grants everything. */
    char requested[TB_CRED_TEXT_MAX + 1];
    tb_str_t topic;
    tb_str_t payload;
} s_world = {.slots = {{.key = TB_STORE_CRED}, {.key = TB_STORE_PENDING}}};

static void free_message(void)
{
    fuzz_free(s_world.topic);
    fuzz_free(s_world.payload);
    s_world.topic = (tb_str_t){0};
    s_world.payload = (tb_str_t){0};
}

bool world_is_given_away(const uint8_t *data, size_t size)
{
    return memmem(data, size, WORLD_CANARY, strlen(WORLD_CANARY)) != NULL ||
           memmem(data, size, WORLD_OWN_TOKEN, strlen(WORLD_OWN_TOKEN)) != NULL;
}

void world_begin(fuzz_input_t *input)
{
    free_message();
    s_world.input = input;
    s_world.calls = 0;
    s_world.is_open = false;
    s_world.token = NULL;
    s_world.requests = 0;
    s_world.trials = 0;
    s_world.slots[0].len = 0;
    s_world.slots[1].len = 0;
}

void world_heal(void)
{
    s_world.input->left = 0;
}

bool world_run(void (*run)(void *), void *context)
{
    if (setjmp(s_world.plug) != 0) {
        return false;
    }
    run(context);
    return true;
}

void world_configure_token(const char *token)
{
    s_world.token = token;
}

void world_other_task(void (*act)(uint8_t way))
{
    s_world.other_task = act;
}

unsigned world_requests(void)
{
    return s_world.requests;
}

unsigned world_trials(void)
{
    return s_world.trials;
}

static slot_t *slot_of(const char *key)
{
    slot_t *slot = &s_world.slots[strcmp(key, TB_STORE_CRED) == 0 ? 0 : 1];
    fuzz_check(strcmp(slot->key, key) == 0);
    return slot;
}

void world_store(const char *key, tb_str_t value)
{
    slot_t *slot = slot_of(key);
    fuzz_check(value.len <= sizeof(slot->value));
    if (value.len > 0) {
        memcpy(slot->value, value.ptr, value.len);
    }
    slot->len = value.len;
}

tb_str_t world_stored(const char *key)
{
    const slot_t *slot = slot_of(key);
    return (tb_str_t){.ptr = slot->value, .len = slot->len};
}

static void cut_power(void)
{
    free_message();
    s_world.is_open = false;
    longjmp(s_world.plug, 1);
}

/** Begins a call that can fail; half of all bytes let it work. */
static fate_t begin_call(void)
{
    uint8_t byte = fuzz_take_byte(s_world.input);
    fate_t fate = byte < 0x80 ? WORKS : (fate_t)(byte % 4);
    fuzz_check(s_world.input->left > 0 || ++s_world.calls < CALLS_MAX);
    if (fate == CUT_BEFORE) {
        cut_power();
    }
    return fate;
}

static tb_err_t end_call(fate_t fate, tb_err_t failure)
{
    if (fate == CUT_AFTER) {
        cut_power();
    }
    return fate == FAILS ? failure : TB_OK;
}

tb_err_t tb_port_init(void)
{
    return end_call(begin_call(), TB_ERR_STORE);
}

/* ---- MQTT ---- */

static bool is_pending(const char *username)
{
    tb_cred_t pending;
    return tb_cred_decode(world_stored(TB_STORE_PENDING), &pending) == TB_OK && strcmp(pending.username, username) == 0;
}

tb_err_t tb_port_open(const tb_port_connection_t *connection)
{
    fate_t fate = begin_call();
    fuzz_check(!s_world.is_open);
    fuzz_check(connection->host[0] != '\0' && connection->username[0] != '\0' && connection->client_id[0] != '\0');
    s_world.is_open = fate != FAILS;
    s_world.is_trial = is_pending(connection->username);
    s_world.is_up = false;
    s_world.is_granted = false;
    s_world.requested[0] = '\0';
    return end_call(fate, TB_ERR_TRANSPORT);
}

tb_err_t tb_port_subscribe(const char *topic, int *msg_id)
{
    fate_t fate = begin_call();
    fuzz_check(s_world.is_open && topic[0] != '\0');
    *msg_id = fate == FAILS ? *msg_id : 1;
    return end_call(fate, TB_ERR_TRANSPORT);
}

/** A request leaves only when what it asks for is stored as pending. */
static void take_request(tb_str_t payload)
{
    tb_cred_t pending;
    s_world.requests++;
    tb_json_member_t token = {.key = TB_STR(TB_KEY_TOKEN)};
    fuzz_check(tb_json_read_object(payload, &token, 1) == TB_OK);
    fuzz_check(tb_json_read_string(&token.value, s_world.requested, sizeof(s_world.requested)) == TB_OK);
    fuzz_check(tb_cred_decode(world_stored(TB_STORE_PENDING), &pending) == TB_OK);
    fuzz_check(strcmp(pending.username, s_world.requested) == 0);
}

tb_err_t tb_port_publish(const char *topic, tb_str_t payload, int *msg_id)
{
    fate_t fate = begin_call();
    fuzz_check(s_world.is_open && tb_json_check(payload) == TB_OK);
    if (fate != FAILS && strcmp(topic, TB_TOPIC_PROVISION_REQUEST) == 0) {
        take_request(payload);
    }
    *msg_id = fate == FAILS ? *msg_id : 2;
    return end_call(fate, TB_ERR_TRANSPORT);
}

void tb_port_close(void)
{
    free_message();
    s_world.is_open = false;
}

static bool nothing(uint32_t wait_ms)
{
    s_world.now_ms += wait_ms;
    return false;
}

static bool tell(tb_port_event_t event, tb_port_event_t *out)
{
    s_world.is_up = s_world.is_up || event.kind == TB_PORT_CONNECTED;
    s_world.trials += event.kind == TB_PORT_CONNECTED && s_world.is_trial;
    *out = event;
    return true;
}

/** Takes over @p topic and @p payload, copies of fuzz_copy(). */
static bool tell_message(tb_str_t topic, tb_str_t payload, tb_port_event_t *out)
{
    s_world.topic = topic;
    s_world.payload = payload;
    return tell((tb_port_event_t){.kind = TB_PORT_MESSAGE, .topic = topic, .payload = payload}, out);
}

static bool answer(tb_str_t json, tb_port_event_t *out)
{
    tb_str_t topic = TB_STR(TB_TOPIC_PROVISION_RESPONSE);
    return tell_message(fuzz_copy(topic.ptr, topic.len), fuzz_copy(json.ptr, json.len), out);
}

static bool grant_request(tb_port_event_t *out)
{
    char json[MESSAGE_MAX];
    tb_buf_t text = TB_BUF(json);
    tb_buf_put(&text, TB_STR("{\"status\":\"SUCCESS\",\"credentialsType\":\"ACCESS_TOKEN\",\"credentialsValue\":"));
    fuzz_check(tb_json_put_string(&text, tb_str(s_world.requested)) == TB_OK);
    tb_buf_put_char(&text, '}');
    fuzz_check(tb_buf_result(&text) == TB_OK);
    return answer(tb_buf_view(&text), out);
}

/** What the server does that accepts and grants everything. */
static bool serve_well(uint32_t wait_ms, tb_port_event_t *out)
{
    fuzz_check(++s_world.calls < CALLS_MAX);
    if (!s_world.is_up) {
        return tell((tb_port_event_t){.kind = TB_PORT_CONNECTED}, out);
    }
    if (s_world.requested[0] != '\0' && !s_world.is_granted) {
        s_world.is_granted = true;
        return grant_request(out);
    }
    return nothing(wait_ms);
}

static bool take_message(fuzz_input_t *in, tb_port_event_t *out)
{
    tb_str_t topic = fuzz_take_text(in, fuzz_take_byte(in));
    return tell_message(topic, fuzz_take_text(in, fuzz_take_u16(in) % MESSAGE_MAX), out);
}

static bool take_answer(fuzz_input_t *in, tb_port_event_t *out)
{
    static const tb_str_t ANSWERS[] = {TB_STR(ANSWER_SUCCESS(GRANTED)), TB_STR(ANSWER_NOT_FOUND),
                                       TB_STR(ANSWER_FAILURE), TB_STR(ANSWER_X509)};
    uint8_t which = fuzz_take_byte(in);
    if (which < TB_COUNT(ANSWERS)) {
        return answer(ANSWERS[which], out);
    }
    if (which % 2 == 0) {
        return grant_request(out);
    }
    tb_str_t json = fuzz_take_text(in, fuzz_take_u16(in) % MESSAGE_MAX);
    bool told = answer(json, out);
    fuzz_free(json);
    return told;
}

/** An acknowledgement, which may come later than the device was ready to wait; or another task acts. */
static bool acknowledge(fuzz_input_t *in, tb_port_event_t *out)
{
    uint8_t msg_id = fuzz_take_byte(in);
    if (msg_id == OTHER_TASK && s_world.other_task != NULL) {
        s_world.other_task(fuzz_take_byte(in));
        return tell((tb_port_event_t){.kind = TB_PORT_WOKEN}, out);
    }
    s_world.now_ms += msg_id * LATE_MS;
    return tell((tb_port_event_t){.kind = TB_PORT_PUBLISHED, .msg_id = msg_id}, out);
}

void tb_port_wake(void)
{
}

bool tb_port_next_event(uint32_t wait_ms, tb_port_event_t *out)
{
    fuzz_input_t *in = s_world.input;
    free_message();
    if (!s_world.is_open) {
        fuzz_check(++s_world.calls < CALLS_MAX);
        return nothing(wait_ms);
    }
    if (in->left == 0) {
        return serve_well(wait_ms, out);
    }
    switch (fuzz_take_byte(in) % 10) {
    case 0:
        return nothing(wait_ms);
    case 1:
        return nothing(wait_ms == 0 ? 0 : fuzz_take_u16(in) % wait_ms);
    case 2:
        return tell((tb_port_event_t){.kind = TB_PORT_CONNECTED}, out);
    case 3:
        return tell((tb_port_event_t){.kind = TB_PORT_REFUSED, .connack = fuzz_take_byte(in)}, out);
    case 4:
        return tell((tb_port_event_t){.kind = TB_PORT_DISCONNECTED}, out);
    case 5:
        return acknowledge(in, out);
    case 6:
        return tell((tb_port_event_t){.kind = TB_PORT_TOO_LARGE}, out);
    case 7:
        return take_message(in, out);
    case 8:
        return take_answer(in, out);
    default:
        cut_power();
        return false;
    }
}

/* ---- Store and settings ---- */

tb_err_t tb_port_load(const char *key, char *dst, size_t cap, size_t *len)
{
    fate_t fate = begin_call();
    tb_str_t stored = world_stored(key);
    if (fate == FAILS) {
        return TB_ERR_STORE;
    }
    if (stored.len == 0) {
        return TB_ERR_NOT_FOUND;
    }
    fuzz_check(stored.len <= cap);
    memcpy(dst, stored.ptr, stored.len);
    *len = stored.len;
    return end_call(fate, TB_ERR_STORE);
}

tb_err_t tb_port_save(const char *key, tb_str_t value)
{
    fate_t fate = begin_call();
    if (fate != FAILS) {
        world_store(key, value);
    }
    return end_call(fate, TB_ERR_STORE);
}

tb_err_t tb_port_erase(const char *key)
{
    fate_t fate = begin_call();
    if (fate != FAILS) {
        world_store(key, (tb_str_t){0});
    }
    return end_call(fate, TB_ERR_STORE);
}

tb_err_t tb_port_config_text(const char *key, char *dst, size_t cap)
{
    const struct {
        const char *key;
        const char *text;
    } texts[] = {
        {"host", "tb.example"},
        {"prov_key", WORLD_CANARY "-KEY"},
        {"prov_secret", WORLD_CANARY "-SECRET"},
        {"token", s_world.token},
        {"run_time_s", "20"},
    };
    fate_t fate = begin_call();
    for (size_t i = 0; fate != FAILS && i < TB_COUNT(texts); i++) {
        if (strcmp(texts[i].key, key) == 0 && texts[i].text != NULL) {
            return tb_str_copy(tb_str(texts[i].text), dst, cap);
        }
    }
    return end_call(fate, TB_ERR_STORE) == TB_OK ? TB_ERR_NOT_FOUND : TB_ERR_STORE;
}

/* ---- System ---- */

uint64_t tb_port_now_ms(void)
{
    return s_world.now_ms;
}

void tb_port_random(void *dst, size_t len)
{
    memset(dst, 'r', len); // makes WORLD_OWN_TOKEN
}

tb_err_t tb_port_device_id(char dst[TB_PORT_DEVICE_ID_MAX])
{
    fate_t fate = begin_call();
    return fate == FAILS ? TB_ERR_NOT_FOUND : tb_str_copy(TB_STR("fuzz-010203040506"), dst, TB_PORT_DEVICE_ID_MAX);
}

unsigned long tb_port_free_memory(void)
{
    return 0;
}

const char *tb_port_sdk_version(void)
{
    return "fuzz";
}

void tb_port_exit(int status)
{
    (void)status;
}

void tb_port_log_line(char level, const char *tag, const char *format, ...)
{
    char line[2 * MESSAGE_MAX];
    va_list args;
    fuzz_check(strchr("EWI", level) != NULL && tag[0] != '\0');
    va_start(args, format);
    int len = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    fuzz_check(len >= 0 && (size_t)len < sizeof(line));
    fuzz_check(strstr(line, WORLD_CANARY) == NULL && strstr(line, WORLD_OWN_TOKEN) == NULL);
    fuzz_check(strchr(line, '\n') == NULL);
}
