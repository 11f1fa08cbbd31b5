// The port for ESP-IDF, over an esp-mqtt that tells of things when it is least convenient.

#include "fuzz.h"
#include "stub_esp_idf.h"
#include "tb/tb_port.h"
#include "tb_test.h"

#define SLOTS 16

static const tb_port_connection_t CONNECTION = {.host = "tb.example", .port = 1883, .client_id = "c", .username = "u"};

static esp_mqtt_event_t event_of(esp_mqtt_event_id_t id)
{
    return (esp_mqtt_event_t){.event_id = id};
}

static esp_mqtt_event_t message(char *payload)
{
    static char s_topic[] = {'t', '/', 'x'}; // as on the wire: without NUL
    int len = (int)strlen(payload);
    return (esp_mqtt_event_t){
        .event_id = MQTT_EVENT_DATA,
        .topic = s_topic,
        .topic_len = sizeof(s_topic),
        .data = payload,
        .data_len = len,
        .total_data_len = len,
    };
}

static void open_connection(void)
{
    assert_int_equal(tb_port_open(&CONNECTION), TB_OK);
}

static void expect_event(tb_port_event_kind_t kind)
{
    tb_port_event_t event;
    assert_true(tb_port_next_event(0, &event));
    assert_int_equal(event.kind, kind);
}

static void expect_silence(void)
{
    tb_port_event_t event;
    assert_false(tb_port_next_event(0, &event));
}

static int teardown(void **state)
{
    (void)state;
    tb_port_close();
    return stub_clients() == 0 ? 0 : -1;
}

static void S8_event_while_the_client_is_still_being_started_is_not_lost(void **state)
{
    (void)state;
    stub_emit_during(STUB_START, event_of(MQTT_EVENT_CONNECTED));
    open_connection();
    expect_event(TB_PORT_CONNECTED);
}

static void S11_client_whose_connection_was_lost_is_destroyed_before_there_is_another(void **state)
{
    (void)state;
    open_connection();
    stub_emit(event_of(MQTT_EVENT_CONNECTED));
    stub_emit(event_of(MQTT_EVENT_DISCONNECTED));
    assert_int_equal(tb_port_open(&CONNECTION), TB_ERR_INVALID_STATE);
    assert_int_equal(stub_clients(), 1);
    tb_port_close();
    assert_int_equal(stub_clients(), 0);
    open_connection();
    assert_int_equal(stub_clients(), 1);
}

static void S12_event_while_the_client_is_being_stopped_is_not_delivered(void **state)
{
    (void)state;
    static const esp_mqtt_event_id_t LATE[] = {MQTT_EVENT_CONNECTED, MQTT_EVENT_DISCONNECTED, MQTT_EVENT_PUBLISHED};
    for (size_t i = 0; i < TB_COUNT(LATE); i++) {
        open_connection();
        stub_emit_during(STUB_STOP, event_of(LATE[i]));
        tb_port_close();
        expect_silence();
    }
    open_connection();
    stub_emit_during(STUB_STOP, message("late"));
    tb_port_close();
    expect_silence();
}

static void S13_message_that_nobody_has_read_is_freed_with_its_connection(void **state)
{
    (void)state;
    tb_port_event_t event;
    open_connection();
    stub_emit(message("unread"));
    tb_port_close();
    open_connection();
    stub_emit(message("next"));
    assert_true(tb_port_next_event(0, &event));
    assert_int_equal(event.kind, TB_PORT_MESSAGE);
    assert_true(tb_str_equal(event.payload, TB_STR("next")));
}

static void S13_message_that_is_only_half_there_is_freed_with_its_connection(void **state)
{
    (void)state;
    esp_mqtt_event_t half = message("half");
    half.total_data_len *= 2;
    open_connection();
    stub_emit(half);
    tb_port_close();
    open_connection();
    stub_emit(message("whole"));
    expect_event(TB_PORT_MESSAGE);
}

static void S14_full_queue_costs_no_message_slot_and_not_the_end_of_the_connection(void **state)
{
    (void)state;
    open_connection();
    for (int i = 0; i < 4 * SLOTS; i++) {
        stub_emit(event_of(MQTT_EVENT_PUBLISHED));
    }
    stub_emit(message("kept"));
    stub_emit(message("too much"));
    stub_emit(event_of(MQTT_EVENT_DISCONNECTED));
    unsigned messages = 0;
    unsigned ends = 0;
    tb_port_event_t event;
    while (tb_port_next_event(0, &event)) {
        messages += event.kind == TB_PORT_MESSAGE ? 1 : 0;
        ends += event.kind == TB_PORT_DISCONNECTED ? 1 : 0;
    }
    assert_int_equal(messages, 1);
    assert_int_equal(ends, 1);
    stub_emit(message("again"));
    expect_event(TB_PORT_MESSAGE);
}

static void TLS_is_refused_by_a_model_that_has_none(void **state)
{
    (void)state;
    const tb_port_tls_t tls = {.ca = NULL};
    tb_port_connection_t connection = CONNECTION;
    connection.tls = &tls;
    assert_int_equal(tb_port_open(&connection), TB_ERR_TRANSPORT);
    assert_int_equal(stub_clients(), 0);
    expect_silence();
}

static void waking_ends_a_wait(void **state)
{
    (void)state;
    tb_port_wake();
    expect_event(TB_PORT_WOKEN);
    expect_silence();
}

static void waking_often_keeps_room_for_the_connection(void **state)
{
    (void)state;
    open_connection();
    for (int i = 0; i < 4 * SLOTS; i++) {
        tb_port_wake();
    }
    stub_emit(event_of(MQTT_EVENT_CONNECTED));
    tb_port_event_t event;
    bool is_connected = false;
    while (tb_port_next_event(0, &event)) {
        is_connected = is_connected || event.kind == TB_PORT_CONNECTED;
    }
    assert_true(is_connected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(S8_event_while_the_client_is_still_being_started_is_not_lost, teardown),
        cmocka_unit_test_teardown(S11_client_whose_connection_was_lost_is_destroyed_before_there_is_another, teardown),
        cmocka_unit_test_teardown(S12_event_while_the_client_is_being_stopped_is_not_delivered, teardown),
        cmocka_unit_test_teardown(S13_message_that_nobody_has_read_is_freed_with_its_connection, teardown),
        cmocka_unit_test_teardown(S13_message_that_is_only_half_there_is_freed_with_its_connection, teardown),
        cmocka_unit_test_teardown(S14_full_queue_costs_no_message_slot_and_not_the_end_of_the_connection, teardown),
        cmocka_unit_test_teardown(TLS_is_refused_by_a_model_that_has_none, teardown),
        cmocka_unit_test_teardown(waking_ends_a_wait, teardown),
        cmocka_unit_test_teardown(waking_often_keeps_room_for_the_connection, teardown),
    };
    return cmocka_run_group_tests_name("tb_port_esp_idf_mqtt", tests, NULL, NULL);
}
