// The port for Linux, over a libmosquitto whose server does what no server can be asked for.

#include <mosquitto.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tb/tb_port.h"
#include "tb_test.h"

#define RESOLUTION_MS 150

/** The client, of which the port has one at a time. */
struct mosquitto {
    void (*on_connect)(struct mosquitto *client, void *context, int code);
    atomic_int socket;
};

static struct mosquitto s_client;
static atomic_bool s_is_deaf; /**< Two addresses, neither of which answers. */
static atomic_bool s_is_accepted;
static atomic_bool s_is_disconnecting;
static atomic_uint s_published;

int mosquitto_lib_init(void)
{
    return MOSQ_ERR_SUCCESS;
}

struct mosquitto *mosquitto_new(const char *id, bool clean_session, void *context)
{
    (void)id;
    (void)clean_session;
    (void)context;
    s_client.socket = -1;
    return &s_client;
}

void mosquitto_destroy(struct mosquitto *client)
{
    (void)client;
}

int mosquitto_threaded_set(struct mosquitto *client, bool threaded)
{
    (void)client;
    (void)threaded;
    return MOSQ_ERR_SUCCESS;
}

void mosquitto_connect_callback_set(struct mosquitto *client, void (*callback)(struct mosquitto *, void *, int))
{
    client->on_connect = callback;
}

void mosquitto_publish_callback_set(struct mosquitto *client, void (*callback)(struct mosquitto *, void *, int))
{
    (void)client;
    (void)callback;
}

void mosquitto_message_callback_set(struct mosquitto *client,
                                    void (*callback)(struct mosquitto *, void *, const struct mosquitto_message *))
{
    (void)client;
    (void)callback;
}

int mosquitto_int_option(struct mosquitto *client, enum mosq_opt_t option, int value)
{
    (void)client;
    (void)option;
    (void)value;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_username_pw_set(struct mosquitto *client, const char *username, const char *password)
{
    (void)client;
    (void)username;
    (void)password;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_socket(struct mosquitto *client)
{
    return client->socket;
}

static void try_address(struct mosquitto *client)
{
    int pair[2];
    char byte;
    usleep(RESOLUTION_MS * 1000);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0) {
        abort();
    }
    client->socket = pair[0];
    (void)!read(pair[0], &byte, 1); // until it is shut down
    client->socket = -1;
    close(pair[0]);
    close(pair[1]);
}

int mosquitto_connect(struct mosquitto *client, const char *host, int port, int keepalive)
{
    (void)host;
    (void)port;
    (void)keepalive;
    if (s_is_deaf) {
        try_address(client);
        try_address(client);
        return MOSQ_ERR_ERRNO;
    }
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_loop(struct mosquitto *client, int timeout_ms, int max_packets)
{
    (void)timeout_ms;
    (void)max_packets;
    if (atomic_exchange(&s_is_accepted, false)) {
        client->on_connect(client, NULL, 0);
    }
    usleep(1000);
    return s_is_disconnecting ? MOSQ_ERR_NO_CONN : MOSQ_ERR_SUCCESS;
}

int mosquitto_disconnect(struct mosquitto *client)
{
    (void)client;
    s_is_disconnecting = true;
    return MOSQ_ERR_SUCCESS;
}

int mosquitto_publish(struct mosquitto *client, int *msg_id, const char *topic, int len, const void *payload, int qos,
                      bool retain)
{
    (void)client;
    (void)topic;
    (void)len;
    (void)payload;
    (void)qos;
    (void)retain;
    *msg_id = (int)++s_published;
    return MOSQ_ERR_SUCCESS;
}

static int setup(void **state)
{
    (void)state;
    s_is_deaf = false;
    s_is_accepted = false;
    s_is_disconnecting = false;
    s_published = 0;
    return 0;
}

static void open_connection(void)
{
    assert_int_equal(tb_port_open(&(tb_port_connection_t){.host = "tb.example", .client_id = "c", .username = "u"}),
                     TB_OK);
}

static void connect_that_no_address_answers_ends_at_once(void **state)
{
    (void)state;
    s_is_deaf = true;
    open_connection();
    uint64_t start_ms = tb_port_now_ms();
    tb_port_close();
    assert_in_range(tb_port_now_ms() - start_ms, 0, 10 * RESOLUTION_MS);
}

static void nothing_is_published_before_the_connection_is_accepted(void **state)
{
    (void)state;
    int msg_id = -1;
    tb_port_event_t event;
    open_connection();
    assert_int_equal(tb_port_publish("t", TB_STR("{}"), &msg_id), TB_ERR_TRANSPORT);
    assert_int_equal(msg_id, -1);
    s_is_accepted = true;
    assert_true(tb_port_next_event(5000, &event));
    assert_int_equal(event.kind, TB_PORT_CONNECTED);
    assert_int_equal(tb_port_publish("t", TB_STR("{}"), &msg_id), TB_OK);
    assert_int_equal(msg_id, 1);
    tb_port_close();
    assert_int_equal(tb_port_publish("t", TB_STR("{}"), &msg_id), TB_ERR_TRANSPORT);
    assert_int_equal(s_published, 1);
}

static void S12_no_event_of_an_earlier_connection_is_delivered(void **state)
{
    (void)state;
    tb_port_event_t event;
    open_connection();
    s_is_accepted = true;
    while (s_is_accepted) {
        usleep(1000);
    }
    tb_port_close();
    s_is_disconnecting = false;
    open_connection();
    assert_false(tb_port_next_event(50, &event));
    tb_port_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(connect_that_no_address_answers_ends_at_once, setup),
        cmocka_unit_test_setup(nothing_is_published_before_the_connection_is_accepted, setup),
        cmocka_unit_test_setup(S12_no_event_of_an_earlier_connection_is_delivered, setup),
    };
    return cmocka_run_group_tests_name("tb_port_posix_mqtt", tests, NULL, NULL);
}
