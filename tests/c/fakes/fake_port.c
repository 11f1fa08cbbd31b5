#include "fake_port.h"

#include "fake_fault.h"
#include "fake_journal.h"
#include "tb_test.h"

#define SCRIPT_MAX 64
#define CALLS_MAX 200000

typedef struct {
    tb_port_event_t event;
    unsigned connection;
    uint32_t after_ms;
    bool forever;
} step_t;

static struct {
    step_t script[SCRIPT_MAX];
    size_t count;
    size_t at;
    unsigned written; /**< Connections in the script. */
    unsigned opened;  /**< Connections so far. */
    bool is_open;
    bool is_woken;
    uint32_t pause_ms;
    void (*on_open)(const char *username);
    void (*on_publish)(const char *topic, tb_str_t payload);
    tb_port_connection_t connection;
    char host[256];
    char client_id[64];
    tb_str_t topic;
    tb_str_t payload;
    uint64_t now_ms;
    unsigned calls;
    uint32_t longest_wait_ms;
    int msg_id;
    int exit_status;
    uint8_t random;
} s_port;

static void free_message(void)
{
    heap_free(s_port.topic);
    heap_free(s_port.payload);
    s_port.topic = (tb_str_t){0};
    s_port.payload = (tb_str_t){0};
}

void fake_port_reset(void)
{
    free_message();
    uint64_t now_ms = s_port.now_ms;
    uint8_t random = s_port.random;
    memset(&s_port, 0, sizeof(s_port));
    s_port.now_ms = now_ms + 1;
    s_port.random = random;
    s_port.exit_status = -1;
    fake_journal_reset();
}

void fake_random_restart(void)
{
    s_port.random = 0;
}

void fake_connection(void)
{
    s_port.written++;
}

static void add(tb_port_event_t event)
{
    assert_in_range(s_port.count, 0, SCRIPT_MAX - 1);
    s_port.script[s_port.count++] = (step_t){.event = event, .connection = s_port.written, .after_ms = s_port.pause_ms};
    s_port.pause_ms = 0;
}

void fake_event(tb_port_event_kind_t kind)
{
    add((tb_port_event_t){.kind = kind});
}

void fake_refuse(uint8_t connack)
{
    add((tb_port_event_t){.kind = TB_PORT_REFUSED, .connack = connack});
}

void fake_message(tb_str_t topic, tb_str_t payload)
{
    add((tb_port_event_t){.kind = TB_PORT_MESSAGE, .topic = topic, .payload = payload});
}

void fake_pause(uint32_t ms)
{
    s_port.pause_ms = ms;
}

void fake_flood(void)
{
    s_port.script[s_port.count - 1].forever = true;
}

void fake_server(void (*on_open)(const char *username), void (*on_publish)(const char *topic, tb_str_t payload))
{
    s_port.on_open = on_open;
    s_port.on_publish = on_publish;
}

uint32_t fake_longest_wait_ms(void)
{
    return s_port.longest_wait_ms;
}

int fake_exit_status(void)
{
    return s_port.exit_status;
}

const tb_port_connection_t *fake_opened(void)
{
    return &s_port.connection;
}

tb_err_t tb_port_init(void)
{
    return fake_called(FAKE_INIT);
}

tb_err_t tb_port_open(const tb_port_connection_t *connection)
{
    tb_err_t err = fake_called(FAKE_OPEN);
    fake_journal_add("open %s%s", connection->username, err == TB_OK ? "" : " fails");
    if (err != TB_OK) {
        return err;
    }
    assert_false(s_port.is_open);
    s_port.is_open = true;
    s_port.connection = *connection;
    assert_int_equal(tb_str_copy(tb_str(connection->host), s_port.host, sizeof(s_port.host)), TB_OK);
    assert_int_equal(tb_str_copy(tb_str(connection->client_id), s_port.client_id, sizeof(s_port.client_id)), TB_OK);
    s_port.connection.host = s_port.host;
    s_port.connection.client_id = s_port.client_id;
    s_port.connection.username = NULL;
    s_port.opened++;
    if (s_port.on_open != NULL) {
        fake_connection();
        s_port.on_open(connection->username);
    }
    if (s_port.opened > s_port.written) {
        fake_journal_print();
        fail_msg("connection %u is not in the script", s_port.opened);
    }
    while (s_port.at < s_port.count && s_port.script[s_port.at].connection < s_port.opened) {
        s_port.at++;
    }
    return TB_OK;
}

tb_err_t tb_port_subscribe(const char *topic, int *msg_id)
{
    tb_err_t err = fake_called(FAKE_SUBSCRIBE);
    assert_true(s_port.is_open);
    fake_journal_add("subscribe %s%s", topic, err == TB_OK ? "" : " fails");
    if (err == TB_OK) {
        *msg_id = ++s_port.msg_id;
    }
    return err;
}

tb_err_t tb_port_publish(const char *topic, tb_str_t payload, int *msg_id)
{
    tb_err_t err = fake_called(FAKE_PUBLISH);
    assert_true(s_port.is_open);
    fake_power_point();
    fake_journal_add("publish %s%s %.*s", topic, err == TB_OK ? "" : " fails", (int)payload.len, payload.ptr);
    if (err == TB_OK) {
        *msg_id = ++s_port.msg_id;
        if (s_port.on_publish != NULL) {
            s_port.on_publish(topic, payload);
        }
    }
    fake_power_point();
    return err;
}

void tb_port_close(void)
{
    if (s_port.is_open) {
        fake_journal_add("close");
        fake_power_point();
    }
    free_message();
    s_port.is_open = false;
}

static bool has_event(void)
{
    return s_port.is_open && s_port.at < s_port.count && s_port.script[s_port.at].connection == s_port.opened;
}

/** Journals @p event, and hands out copies of its texts that end where AddressSanitizer sees it. */
static void deliver(const tb_port_event_t *event, bool quiet, tb_port_event_t *out)
{
    static const char *const NAMES[] = {
        [TB_PORT_CONNECTED] = "connected", [TB_PORT_REFUSED] = "refused", [TB_PORT_DISCONNECTED] = "disconnected",
        [TB_PORT_PUBLISHED] = "published", [TB_PORT_MESSAGE] = "message", [TB_PORT_TOO_LARGE] = "too large"};
    *out = *event;
    if (event->kind == TB_PORT_MESSAGE) {
        s_port.topic = heap_copy(event->topic);
        s_port.payload = heap_copy(event->payload);
        out->topic = s_port.topic;
        out->payload = s_port.payload;
    }
    if (!quiet) {
        fake_journal_add("< %s", NAMES[event->kind]);
    }
}

bool tb_port_next_event(uint32_t wait_ms, tb_port_event_t *out)
{
    free_message();
    s_port.longest_wait_ms = wait_ms > s_port.longest_wait_ms ? wait_ms : s_port.longest_wait_ms;
    if (++s_port.calls > CALLS_MAX) {
        fail_msg("the code under test does not come to an end");
    }
    if (s_port.is_woken) {
        s_port.is_woken = false;
        *out = (tb_port_event_t){.kind = TB_PORT_WOKEN};
        return true;
    }
    step_t *step = &s_port.script[s_port.at];
    if (!has_event() || step->after_ms > wait_ms) {
        s_port.now_ms += wait_ms;
        if (has_event()) {
            step->after_ms -= wait_ms;
        }
        return false;
    }
    s_port.now_ms += step->after_ms;
    deliver(&step->event, step->forever, out);
    if (step->forever) {
        step->after_ms = 1;
    } else {
        s_port.at++;
    }
    return true;
}

void tb_port_wake(void)
{
    s_port.is_woken = true;
}

uint64_t tb_port_now_ms(void)
{
    return s_port.now_ms;
}

void tb_port_random(void *dst, size_t len)
{
    uint8_t *byte = dst;
    while (len-- > 0) {
        *byte++ = s_port.random++;
    }
}

tb_err_t tb_port_device_id(char dst[TB_PORT_DEVICE_ID_MAX])
{
    tb_err_t err = fake_called(FAKE_DEVICE_ID);
    return err == TB_OK ? tb_str_copy(TB_STR(FAKE_OWN_ID), dst, TB_PORT_DEVICE_ID_MAX) : err;
}

unsigned long tb_port_free_memory(void)
{
    return 100000;
}

const char *tb_port_sdk_version(void)
{
    return "fake";
}

void tb_port_exit(int status)
{
    s_port.exit_status = status;
}
