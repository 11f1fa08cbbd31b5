// Input: what esp-mqtt tells and what the reader does, one operation after another, and where another task comes in
// between. esp-mqtt's promises hold: a length that is not 0 comes with that many bytes, and a connection is accepted
// once and ends once. Nothing else does.

#include "fuzz.h"
#include "fuzz_tls.h"
#include "sdkconfig.h"
#include "stub_esp_idf.h"
#include "tb/tb_port.h"

#define NEWS_MAX 4

typedef struct {
    char topic[CONFIG_TB_RX_TOPIC_MAX];
    size_t topic_len;
    char payload[CONFIG_TB_RX_PAYLOAD_MAX];
    size_t payload_len;
} message_t;

/** What the port must have made of it. */
static struct {
    bool is_open;
    bool is_up;
    bool was_accepted;
    bool is_over;
    uint8_t connack;
    bool has_tls_failed;
    tb_port_tls_failure_t tls_failure;
    tb_port_tls_failure_t told_failure; /**< When the connection ended. */
    enum { FREE, JOINING, COMPLETE, READ } slot;
    message_t message;
    size_t total;
    tb_port_event_t view;                /**< Of the message that was read last. */
    tb_port_event_kind_t news[NEWS_MAX]; /**< What must arrive, in this order, whatever else is dropped. */
    size_t news_count;
    unsigned published; /**< What may arrive. */
    unsigned too_large;
} s_model;

/** What other tasks have done, which know of no connection. */
static struct {
    bool is_heard; /**< There is an inbox. */
    bool must_end; /**< The reader's next wait has an end. */
    unsigned wakes;
} s_others;

static void expect(tb_port_event_kind_t kind)
{
    fuzz_check(s_model.news_count < NEWS_MAX);
    s_model.news[s_model.news_count++] = kind;
}

static void begin_message(const esp_mqtt_event_t *event)
{
    bool fits = event->topic_len >= 0 && event->topic_len <= CONFIG_TB_RX_TOPIC_MAX && event->total_data_len >= 0 &&
                event->total_data_len <= CONFIG_TB_RX_PAYLOAD_MAX;
    bool is_taken = s_model.slot == COMPLETE || s_model.slot == READ;
    if (!is_taken) {
        s_model.slot = fits ? JOINING : FREE;
    }
    if (!fits || is_taken) {
        s_model.too_large++;
        return;
    }
    s_model.message.topic_len = (size_t)event->topic_len;
    s_model.message.payload_len = 0;
    s_model.total = (size_t)event->total_data_len;
    memcpy(s_model.message.topic, event->topic, s_model.message.topic_len);
}

/** A fragment counts when it goes on where the last one ended, within the length that the first one told. */
static void model_data(const esp_mqtt_event_t *event)
{
    message_t *message = &s_model.message;
    if (event->current_data_offset == 0 && event->topic != NULL) {
        begin_message(event);
    }
    if (s_model.slot != JOINING || event->current_data_offset < 0 || event->data_len < 0 ||
        (size_t)event->current_data_offset != message->payload_len ||
        (size_t)event->data_len > s_model.total - message->payload_len) {
        return;
    }
    if (event->data_len > 0) {
        memcpy(message->payload + message->payload_len, event->data, (size_t)event->data_len);
    }
    message->payload_len += (size_t)event->data_len;
    if (message->payload_len == s_model.total) {
        s_model.slot = COMPLETE;
        expect(TB_PORT_MESSAGE);
    }
}

static void emit_data(fuzz_input_t *in)
{
    uint8_t shape = fuzz_take_byte(in);
    esp_mqtt_event_t event = {.event_id = MQTT_EVENT_DATA};
    tb_str_t topic = fuzz_take_text(in, fuzz_take_byte(in) % 32);
    tb_str_t data = fuzz_take_text(in, fuzz_take_byte(in) % 64);
    bool goes_on = s_model.slot == JOINING && (shape & 1) != 0;
    event.topic_len = (shape & 2) != 0 ? -(int)topic.len : (int)topic.len;
    event.topic = topic.len == 0 && (shape & 4) != 0 ? NULL : (char *)(uintptr_t)topic.ptr;
    event.data_len = (shape & 8) != 0 ? -(int)data.len : (int)data.len;
    event.data = data.len == 0 ? NULL : (char *)(uintptr_t)data.ptr;
    event.current_data_offset = goes_on ? (int)s_model.message.payload_len : 0;
    event.total_data_len = goes_on ? (int)s_model.total : (int)data.len;
    if ((shape & 16) != 0) {
        event.current_data_offset = (int)fuzz_take_u32(in);
    }
    if ((shape & 32) != 0) {
        event.total_data_len = (int)(int8_t)fuzz_take_byte(in);
    } else if ((shape & 64) != 0) {
        event.total_data_len = (int)fuzz_take_u32(in);
    }
    model_data(&event);
    stub_emit(event);
    fuzz_free(topic);
    fuzz_free(data);
}

static void emit_connected(void)
{
    if (!s_model.was_accepted) {
        s_model.was_accepted = true;
        s_model.is_up = true;
        expect(TB_PORT_CONNECTED);
        stub_emit((esp_mqtt_event_t){.event_id = MQTT_EVENT_CONNECTED});
    }
}

static void emit_error(fuzz_input_t *in)
{
    esp_mqtt_error_codes_t error = {.error_type = (esp_mqtt_error_type_t)(fuzz_take_byte(in) % 4),
                                    .connect_return_code = (esp_mqtt_connect_return_code_t)fuzz_take_byte(in)};
    if (error.error_type == MQTT_ERROR_TYPE_CONNECTION_REFUSED) {
        s_model.connack = (uint8_t)error.connect_return_code;
    } else if (error.error_type == MQTT_ERROR_TYPE_TCP_TRANSPORT) {
        fuzz_tls_take_error(in, &error);
        s_model.has_tls_failed = fuzz_tls_has_failed(&error, &s_model.tls_failure);
    }
    stub_emit((esp_mqtt_event_t){.event_id = MQTT_EVENT_ERROR, .error_handle = &error});
}

/** A refusal was told, or TLS has failed before the connection was accepted, or it is over for any other reason. */
static tb_port_event_kind_t end_of_connection(void)
{
    if (s_model.connack != 0) {
        return TB_PORT_REFUSED;
    }
    return s_model.has_tls_failed && !s_model.was_accepted ? TB_PORT_TLS_FAILED : TB_PORT_DISCONNECTED;
}

static void shake_hands(fuzz_input_t *in)
{
    if (!s_model.was_accepted && !s_model.is_over) {
        fuzz_tls_handshake(in);
    }
}

static void emit_disconnected(void)
{
    if (!s_model.is_over) {
        expect(end_of_connection());
        s_model.told_failure = s_model.tls_failure;
        s_model.is_over = true;
        s_model.is_up = false;
        stub_emit((esp_mqtt_event_t){.event_id = MQTT_EVENT_DISCONNECTED});
    }
}

static void emit_other(fuzz_input_t *in)
{
    int id = (int)(int8_t)fuzz_take_byte(in);
    if (id == MQTT_EVENT_PUBLISHED) {
        s_model.published++;
    }
    if (id > MQTT_EVENT_DISCONNECTED && id != MQTT_EVENT_DATA) {
        stub_emit((esp_mqtt_event_t){.event_id = (esp_mqtt_event_id_t)id, .msg_id = id});
    }
}

/** The message that was read stays as it was until the reader comes back. */
static void check_view(void)
{
    if (s_model.slot == READ) {
        const message_t *message = &s_model.message;
        tb_str_t topic = {.ptr = message->topic, .len = message->topic_len};
        tb_str_t payload = {.ptr = message->payload, .len = message->payload_len};
        fuzz_check(tb_str_equal(s_model.view.topic, topic) && tb_str_equal(s_model.view.payload, payload));
    }
}

/** The payload that was read is not in memory any more. */
static void check_wiped(void)
{
    for (size_t i = 0; i < s_model.view.payload.len; i++) {
        fuzz_check(s_model.view.payload.ptr[i] == '\0');
    }
    s_model.view.payload.len = 0;
}

static void check_event(const tb_port_event_t *got)
{
    if (got->kind == TB_PORT_PUBLISHED) {
        fuzz_check(s_model.published-- > 0 && got->msg_id == MQTT_EVENT_PUBLISHED);
        return;
    }
    if (got->kind == TB_PORT_WOKEN) {
        fuzz_check(s_others.wakes-- > 0);
        return;
    }
    if (got->kind == TB_PORT_TOO_LARGE) {
        fuzz_check(s_model.too_large-- > 0);
        return;
    }
    fuzz_check(s_model.news_count > 0 && got->kind == s_model.news[0]);
    s_model.news_count--;
    memmove(s_model.news, s_model.news + 1, s_model.news_count * sizeof(s_model.news[0]));
    if (got->kind == TB_PORT_MESSAGE) {
        s_model.slot = READ;
        s_model.view = *got;
        check_view();
    } else if (got->kind == TB_PORT_REFUSED) {
        fuzz_check(got->connack != 0);
    } else if (got->kind == TB_PORT_TLS_FAILED) {
        fuzz_check(got->tls == s_model.told_failure);
    }
}

static void read_event(uint32_t wait_ms)
{
    tb_port_event_t got = {.kind = TB_PORT_CONNECTED};
    s_others.is_heard = true;
    bool found = tb_port_next_event(wait_ms, &got);
    fuzz_check(found || !s_others.must_end);
    s_others.must_end = false;
    if (s_model.slot == READ) {
        s_model.slot = FREE;
        check_wiped();
    }
    if (found) {
        check_event(&got);
    } else {
        fuzz_check(s_model.news_count == 0); // nothing of importance was dropped
    }
}

static void wake(void)
{
    tb_port_wake();
    s_others.must_end = s_others.is_heard;
    s_others.wakes += s_others.is_heard;
}

/** Does all that another task may do, wherever the main task is just now. */
static void act_as_other_task(void)
{
    int msg_id = -1;
    tb_err_t err = tb_port_publish("t", TB_STR("{}"), &msg_id);
    fuzz_check((err == TB_OK) == (msg_id >= 0));
    wake();
}

/** What TLS is given: the bits of @p how, and, where there is TLS, of a further byte. */
static const tb_port_tls_t *take_tls(fuzz_input_t *in, uint8_t how)
{
    bool uses_tls = (how & 1) != 0;
    return fuzz_tls_begin((uint8_t)(how | (uses_tls ? fuzz_take_byte(in) << 3 : 0)));
}

/** The lower bits of @p how say what fails, the others what TLS is given. */
static void open_connection(fuzz_input_t *in, uint8_t how)
{
    uint8_t failing = how % STUB_SETS;
    if (s_model.is_open) {
        fuzz_check(tb_port_open(&(tb_port_connection_t){.host = "h"}) == TB_ERR_INVALID_STATE);
        return;
    }
    stub_fail(failing);
    s_others.is_heard = true;
    tb_err_t err = tb_port_open(&(tb_port_connection_t){
        .host = "h", .port = 1, .client_id = "c", .username = "u", .tls = take_tls(in, how / STUB_SETS)});
    stub_fail(0);
    bool fails = (failing & (STUB_INIT | STUB_REGISTER | STUB_START)) != 0;
    fuzz_check(err == (fails ? TB_ERR_TRANSPORT : TB_OK));
    memset(&s_model, 0, sizeof(s_model));
    s_model.is_open = !fails;
    s_others.must_end = false; // what came before it is gone
}

static void close_connection(void)
{
    tb_port_close();
    fuzz_check(stub_clients() == 0);
    if (s_model.is_open) { // nothing of it arrives any more
        check_wiped();
        fuzz_tls_end();
        memset(&s_model, 0, sizeof(s_model));
        s_others.must_end = false;
    }
}

static void send_something(uint8_t failing)
{
    int msg_id = -1;
    stub_fail(failing);
    tb_str_t payload = {.ptr = "{}", .len = (failing & STUB_SUBSCRIBE) != 0 ? 0 : 2};
    tb_err_t err = tb_port_publish("t", payload, &msg_id);
    bool works = s_model.is_up && (failing & STUB_PUBLISH) == 0;
    fuzz_check(err == (works ? TB_OK : TB_ERR_TRANSPORT) && (msg_id >= 0) == works);
    msg_id = -1;
    err = tb_port_subscribe("t", &msg_id);
    works = s_model.is_open && (failing & STUB_SUBSCRIBE) == 0;
    fuzz_check(err == (works ? TB_OK : TB_ERR_TRANSPORT) && (msg_id >= 0) == works);
    stub_fail(0);
}

static void tell(fuzz_input_t *in, uint8_t what)
{
    switch (what) {
    case 0:
        emit_connected();
        break;
    case 1:
        emit_disconnected();
        break;
    case 2:
        emit_error(in);
        break;
    case 3:
        emit_other(in);
        break;
    case 4:
        emit_data(in);
        break;
    default:
        shake_hands(in);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input_t in = {.at = data, .left = size};
    while (in.left > 0) {
        uint8_t operation = fuzz_take_byte(&in);
        stub_other_task(operation / 16, act_as_other_task);
        operation %= 16;
        if (operation < 6 && s_model.is_open) {
            tell(&in, operation);
        } else if (operation < 8) {
            open_connection(&in, fuzz_take_byte(&in));
        } else if (operation < 9) {
            send_something(fuzz_take_byte(&in));
        } else if (operation < 10) {
            close_connection();
        } else if (operation < 15) {
            read_event(operation);
        } else {
            wake();
        }
        check_view();
    }
    stub_other_task(0, NULL);
    close_connection();
    return 0;
}
