// MQTT over libmosquitto. A thread of ours turns its loop, so that the library never reconnects on its own: that is the
// session's to decide. Its callbacks copy what happened into bounded slots and return.

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <mosquitto.h>

#include "sdkconfig.h"
#include "tb/tb_port.h"
#include "tb_port_log.h"
#include "tb_port_tls.h"

#define EVENT_SLOTS 16
#define KEPT_SLOTS 3 // for what is never dropped, there once each: the connection's start, its end, and a message
#define QOS 1
#define LOOP_MS 100
#define FLUSH_LOOPS 10 // how many turns a closing connection gets to send what is queued, DISCONNECT last

static const char *TAG = "tb_port_mqtt";

/** The connection. Any task may publish, so the lock says whether there is one. */
static struct {
    pthread_mutex_t lock;
    struct mosquitto *client;
    atomic_bool is_up; // accepted; libmosquitto would keep a message until it is
    pthread_t thread;
    char host[256];
    uint16_t port;
    uint16_t keepalive_s;
} s_connection = {.lock = PTHREAD_MUTEX_INITIALIZER};

/** What callbacks leave for tb_port_next_event(). One message at a time; one that finds the slot taken is too much. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    tb_port_event_t events[EVENT_SLOTS];
    size_t first;
    size_t count;
    bool in_loop;
    bool stopping;
    bool message_taken;
    bool message_read;
    char topic[CONFIG_TB_RX_TOPIC_MAX];
    char payload[CONFIG_TB_RX_PAYLOAD_MAX];
} s_inbox = {.lock = PTHREAD_MUTEX_INITIALIZER, .arrived = PTHREAD_COND_INITIALIZER};

/** Leaves @p event for the reader. What the session can do without is dropped while the reader is far behind.
 *  @pre the inbox is locked. */
static void put_event(tb_port_event_t event)
{
    bool can_drop = event.kind == TB_PORT_PUBLISHED || event.kind == TB_PORT_TOO_LARGE || event.kind == TB_PORT_WOKEN;
    if (s_inbox.count >= (can_drop ? EVENT_SLOTS - KEPT_SLOTS : EVENT_SLOTS)) {
        TB_LOGW(TAG, "event %d dropped: nobody reads", (int)event.kind);
        return;
    }
    s_inbox.events[(s_inbox.first + s_inbox.count++) % EVENT_SLOTS] = event;
    pthread_cond_signal(&s_inbox.arrived);
}

static void post(tb_port_event_t event)
{
    pthread_mutex_lock(&s_inbox.lock);
    put_event(event);
    pthread_mutex_unlock(&s_inbox.lock);
}

static void on_connect(struct mosquitto *client, void *context, int code)
{
    (void)client;
    (void)context;
    s_connection.is_up = code == 0;
    post(code == 0 ? (tb_port_event_t){.kind = TB_PORT_CONNECTED}
                   : (tb_port_event_t){.kind = TB_PORT_REFUSED, .connack = (uint8_t)code});
}

static void on_publish(struct mosquitto *client, void *context, int msg_id)
{
    (void)client;
    (void)context;
    post((tb_port_event_t){.kind = TB_PORT_PUBLISHED, .msg_id = msg_id});
}

static void on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message)
{
    (void)client;
    (void)context;
    size_t topic_len = strlen(message->topic);
    size_t payload_len = (size_t)message->payloadlen;
    pthread_mutex_lock(&s_inbox.lock);
    if (s_inbox.message_taken || topic_len > sizeof(s_inbox.topic) || payload_len > sizeof(s_inbox.payload)) {
        put_event((tb_port_event_t){.kind = TB_PORT_TOO_LARGE});
    } else {
        memcpy(s_inbox.topic, message->topic, topic_len);
        if (payload_len > 0) {
            memcpy(s_inbox.payload, message->payload, payload_len);
        }
        s_inbox.message_taken = true;
        put_event((tb_port_event_t){.kind = TB_PORT_MESSAGE,
                                    .topic = {.ptr = s_inbox.topic, .len = topic_len},
                                    .payload = {.ptr = s_inbox.payload, .len = payload_len}});
    }
    pthread_mutex_unlock(&s_inbox.lock);
}

/** Says that the loop turns now; false when the connection is being closed. */
static bool enter_loop(void)
{
    pthread_mutex_lock(&s_inbox.lock);
    s_inbox.in_loop = true;
    bool stopping = s_inbox.stopping;
    pthread_mutex_unlock(&s_inbox.lock);
    return !stopping;
}

static bool is_stopping(void)
{
    pthread_mutex_lock(&s_inbox.lock);
    bool stopping = s_inbox.stopping;
    pthread_mutex_unlock(&s_inbox.lock);
    return stopping;
}

/** What the end of the connection is to the session: until CONNACK has come, TLS may be the cause. */
static tb_port_event_t end_of_connection(void)
{
    return !s_connection.is_up && tb_port_tls_has_failed()
               ? (tb_port_event_t){.kind = TB_PORT_TLS_FAILED, .tls = tb_port_tls_failure()}
               : (tb_port_event_t){.kind = TB_PORT_DISCONNECTED};
}

/** Connects, trying each address of the host, unless TLS has failed before that. */
static int connect_client(struct mosquitto *client)
{
    return tb_port_tls_has_failed()
               ? MOSQ_ERR_TLS
               : mosquitto_connect(client, s_connection.host, s_connection.port, s_connection.keepalive_s);
}

/** Turns the loop once. Of a handshake whose connection was reset, libmosquitto sees no end and tries on. */
static int turn_loop(struct mosquitto *client)
{
    int result = mosquitto_loop(client, LOOP_MS, 1);
    return result == MOSQ_ERR_SUCCESS && !s_connection.is_up && tb_port_tls_has_failed() ? MOSQ_ERR_TLS : result;
}

/** Serves the connection from its beginning to its end. */
static void *serve(void *context)
{
    struct mosquitto *client = context;
    int flush_loops = FLUSH_LOOPS;
    int result = connect_client(client);
    if (!enter_loop()) {
        return NULL;
    }
    while (result == MOSQ_ERR_SUCCESS && flush_loops > 0) {
        result = turn_loop(client);
        flush_loops -= is_stopping() ? 1 : 0;
    }
    if (!is_stopping() && result != MOSQ_ERR_CONN_REFUSED) { // a refusal was told by on_connect()
        TB_LOGI(TAG, "connection over: %s", result == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(result));
        post(end_of_connection());
    }
    return NULL;
}

static void reset_inbox(void)
{
    pthread_mutex_lock(&s_inbox.lock);
    if (s_inbox.message_taken) {
        tb_wipe(s_inbox.payload, sizeof(s_inbox.payload));
    }
    s_inbox.first = 0;
    s_inbox.count = 0;
    s_inbox.in_loop = false;
    s_inbox.stopping = false;
    s_inbox.message_taken = false;
    s_inbox.message_read = false;
    pthread_mutex_unlock(&s_inbox.lock);
}

static struct mosquitto *new_client(const tb_port_connection_t *connection)
{
    struct mosquitto *client = mosquitto_new(connection->client_id, true, NULL);
    if (client == NULL) {
        return NULL;
    }
    mosquitto_threaded_set(client, true);
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    // SUBSCRIBE and the request follow each other at once, and must not wait for an acknowledgement of TCP
    mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
    if (mosquitto_username_pw_set(client, connection->username, connection->password) != MOSQ_ERR_SUCCESS ||
        tb_port_tls_attach(client, connection->tls, connection->host) != TB_OK) {
        mosquitto_destroy(client);
        return NULL;
    }
    return client;
}

tb_err_t tb_port_open(const tb_port_connection_t *connection)
{
    if (s_connection.client != NULL) {
        return TB_ERR_INVALID_STATE;
    }
    tb_err_t err = tb_str_copy(tb_str(connection->host), s_connection.host, sizeof(s_connection.host));
    if (err != TB_OK) {
        return err;
    }
    s_connection.is_up = false;
    s_connection.port = connection->port;
    s_connection.keepalive_s = connection->keepalive_s;
    mosquitto_lib_init();
    reset_inbox();
    struct mosquitto *client = new_client(connection);
    if (client == NULL) {
        return TB_ERR_TRANSPORT;
    }
    if (pthread_create(&s_connection.thread, NULL, serve, client) != 0) {
        mosquitto_destroy(client);
        return TB_ERR_NO_MEM;
    }
    pthread_mutex_lock(&s_connection.lock);
    s_connection.client = client;
    pthread_mutex_unlock(&s_connection.lock);
    return TB_OK;
}

tb_err_t tb_port_subscribe(const char *topic, int *msg_id)
{
    int id = 0;
    if (s_connection.client == NULL || mosquitto_subscribe(s_connection.client, &id, topic, QOS) != MOSQ_ERR_SUCCESS) {
        return TB_ERR_TRANSPORT;
    }
    *msg_id = id;
    return TB_OK;
}

tb_err_t tb_port_publish(const char *topic, tb_str_t payload, int *msg_id)
{
    int id = 0;
    int result = MOSQ_ERR_NO_CONN;
    pthread_mutex_lock(&s_connection.lock);
    if (s_connection.client != NULL && s_connection.is_up) {
        result = mosquitto_publish(s_connection.client, &id, topic, (int)payload.len, payload.ptr, QOS, false);
    }
    pthread_mutex_unlock(&s_connection.lock);
    if (result != MOSQ_ERR_SUCCESS) {
        return TB_ERR_TRANSPORT;
    }
    *msg_id = id;
    return TB_OK;
}

static struct timespec deadline_in(uint32_t wait_ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += wait_ms / 1000;
    at.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/** Ends the thread, whether it connects or serves. */
static void stop_thread(struct mosquitto *client)
{
    pthread_mutex_lock(&s_inbox.lock);
    s_inbox.stopping = true;
    bool in_loop = s_inbox.in_loop;
    pthread_mutex_unlock(&s_inbox.lock);
    if (in_loop) {
        mosquitto_disconnect(client);
    }
    struct timespec deadline;
    do {
        if (!in_loop) {
            shutdown(mosquitto_socket(client), SHUT_RDWR); // wakes a connect() that nobody answers; it may be the next
        }
        deadline = deadline_in(LOOP_MS);
    } while (pthread_clockjoin_np(s_connection.thread, NULL, CLOCK_MONOTONIC, &deadline) == ETIMEDOUT);
}

void tb_port_close(void)
{
    pthread_mutex_lock(&s_connection.lock);
    struct mosquitto *client = s_connection.client;
    s_connection.client = NULL;
    pthread_mutex_unlock(&s_connection.lock);
    if (client == NULL) {
        return;
    }
    stop_thread(client);
    mosquitto_destroy(client);
    reset_inbox();
}

/** Frees the message slot once its reader has come back. @pre the inbox is locked. */
static void free_message(void)
{
    if (s_inbox.message_taken && s_inbox.message_read) {
        tb_wipe(s_inbox.payload, sizeof(s_inbox.payload));
        s_inbox.message_taken = false;
        s_inbox.message_read = false;
    }
}

void tb_port_wake(void)
{
    post((tb_port_event_t){.kind = TB_PORT_WOKEN});
}

bool tb_port_next_event(uint32_t wait_ms, tb_port_event_t *out)
{
    struct timespec deadline = deadline_in(wait_ms);
    pthread_mutex_lock(&s_inbox.lock);
    free_message();
    int result = 0;
    while (s_inbox.count == 0 && result != ETIMEDOUT) {
        result = pthread_cond_clockwait(&s_inbox.arrived, &s_inbox.lock, CLOCK_MONOTONIC, &deadline);
    }
    bool found = s_inbox.count > 0;
    if (found) {
        *out = s_inbox.events[s_inbox.first];
        s_inbox.first = (s_inbox.first + 1) % EVENT_SLOTS;
        s_inbox.count--;
        s_inbox.message_read = out->kind == TB_PORT_MESSAGE;
    }
    pthread_mutex_unlock(&s_inbox.lock);
    return found;
}
