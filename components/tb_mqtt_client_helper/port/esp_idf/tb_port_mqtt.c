// MQTT over esp-mqtt. Its event handler runs in its own task (or in the task whose write failed) with its lock held: it
// copies what happened into bounded slots and returns. Reconnecting is the session's to decide, so esp-mqtt does not.

#include <limits.h>
#include <string.h>

#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "mqtt_client.h"
#include "sdkconfig.h"

#include "tb/tb_port.h"
#include "tb_model.h"
#include "tb_port_log.h"

#if TB_MODEL_TLS
#include "tb_port_tls.h"
#endif

#define EVENT_SLOTS 16
#define KEPT_SLOTS 3 // for what is never dropped, there once each: the connection's start, its end, and a message
#define QOS 1
#define RECONNECT_MS 200 // never used to reconnect, but esp_mqtt_client_stop() waits for half of it

static const char *TAG = "tb_port_mqtt";

/** The connection. Any task may publish, so the lock keeps it alive meanwhile. */
static struct {
    SemaphoreHandle_t lock;
    StaticSemaphore_t lock_memory;
    esp_mqtt_client_handle_t client;
    volatile bool is_up;
    uint8_t connack; // of the refusal that esp-mqtt will report as a disconnect next
    bool has_tls_failed;
    tb_port_tls_failure_t tls_failure; // likewise
} s_connection;

/** Events on their way to the reader. Any task may wake it, so the lock keeps the count of free slots true. */
static struct {
    SemaphoreHandle_t lock;
    StaticSemaphore_t lock_memory;
    QueueHandle_t queue;
    StaticQueue_t queue_memory;
    uint8_t slots[EVENT_SLOTS * sizeof(tb_port_event_t)];
} s_inbox;

/** One message at a time: its fragments are joined here, and it stays until the reader comes back. */
static struct {
    volatile enum { FREE, JOINING, TAKEN } state;
    bool is_read;
    size_t total;
    size_t joined;
    size_t topic_len;
    char topic[CONFIG_TB_RX_TOPIC_MAX];
    char payload[CONFIG_TB_RX_PAYLOAD_MAX];
} s_message;

/** Leaves @p event for the reader. What the session can do without is dropped while the reader is far behind. */
static void post(tb_port_event_t event)
{
    bool can_drop = event.kind == TB_PORT_PUBLISHED || event.kind == TB_PORT_TOO_LARGE || event.kind == TB_PORT_WOKEN;
    xSemaphoreTake(s_inbox.lock, portMAX_DELAY);
    bool has_room = !can_drop || uxQueueSpacesAvailable(s_inbox.queue) > KEPT_SLOTS;
    bool is_left = has_room && xQueueSend(s_inbox.queue, &event, 0) == pdTRUE;
    xSemaphoreGive(s_inbox.lock);
    if (!is_left) {
        TB_LOGW(TAG, "event %d dropped: nobody reads", (int)event.kind);
    }
}

/** Takes the first fragment's word for topic and length; a message that is unfinished is forgotten. */
static void start_message(esp_mqtt_event_handle_t event)
{
    bool fits = event->topic_len >= 0 && (size_t)event->topic_len <= sizeof(s_message.topic) &&
                event->total_data_len >= 0 && (size_t)event->total_data_len <= sizeof(s_message.payload);
    if (s_message.state != TAKEN) {
        s_message.state = fits ? JOINING : FREE;
    }
    if (s_message.state != JOINING) {
        post((tb_port_event_t){.kind = TB_PORT_TOO_LARGE});
        return;
    }
    s_message.total = (size_t)event->total_data_len;
    s_message.joined = 0;
    s_message.topic_len = (size_t)event->topic_len;
    memcpy(s_message.topic, event->topic, s_message.topic_len);
}

/** Takes a fragment of a message; the first has offset 0 and a topic, the others a topic or none. No text ends in NUL.
 */
static void on_data(esp_mqtt_event_handle_t event)
{
    if (event->current_data_offset == 0 && event->topic != NULL) {
        start_message(event);
    }
    size_t offset = (size_t)event->current_data_offset;
    size_t len = (size_t)event->data_len;
    if (s_message.state != JOINING || offset != s_message.joined || len > s_message.total - offset) {
        return; // the rest of a message that was too large
    }
    if (len > 0) {
        memcpy(s_message.payload + offset, event->data, len);
    }
    s_message.joined += len;
    if (s_message.joined == s_message.total) {
        s_message.state = TAKEN;
        post((tb_port_event_t){.kind = TB_PORT_MESSAGE,
                               .topic = {.ptr = s_message.topic, .len = s_message.topic_len},
                               .payload = {.ptr = s_message.payload, .len = s_message.joined}});
    }
}

static void on_disconnected(void)
{
    tb_port_event_t event = {.kind = TB_PORT_DISCONNECTED};
    if (s_connection.connack != 0) {
        event = (tb_port_event_t){.kind = TB_PORT_REFUSED, .connack = s_connection.connack};
    } else if (s_connection.has_tls_failed && !s_connection.is_up) {
        event = (tb_port_event_t){.kind = TB_PORT_TLS_FAILED, .tls = s_connection.tls_failure};
    }
    s_connection.is_up = false;
    post(event);
}

static void note_tls_failure(const esp_mqtt_error_codes_t *error)
{
#if TB_MODEL_TLS
    s_connection.has_tls_failed = tb_port_tls_read_error(error, &s_connection.tls_failure);
#else
    (void)error;
#endif
}

static void on_error(const esp_mqtt_error_codes_t *error)
{
    if (error->error_type == MQTT_ERROR_TYPE_CONNECTION_REFUSED) {
        s_connection.connack = (uint8_t)error->connect_return_code;
    } else if (error->error_type == MQTT_ERROR_TYPE_TCP_TRANSPORT) {
        TB_LOGI(TAG, "connection over: %s, TLS 0x%x, errno %d", esp_err_to_name(error->esp_tls_last_esp_err),
                (unsigned)error->esp_tls_stack_err, error->esp_transport_sock_errno);
        note_tls_failure(error);
    }
}

static void on_event(void *context, esp_event_base_t base, int32_t id, void *data)
{
    (void)context;
    (void)base;
    esp_mqtt_event_handle_t event = data;
    switch ((esp_mqtt_event_id_t)id) {
    case MQTT_EVENT_CONNECTED:
        s_connection.is_up = true;
        post((tb_port_event_t){.kind = TB_PORT_CONNECTED});
        break;
    case MQTT_EVENT_ERROR:
        on_error(event->error_handle);
        break;
    case MQTT_EVENT_DISCONNECTED:
        on_disconnected();
        break;
    case MQTT_EVENT_PUBLISHED:
        post((tb_port_event_t){.kind = TB_PORT_PUBLISHED, .msg_id = event->msg_id});
        break;
    case MQTT_EVENT_DATA:
        on_data(event);
        break;
    default:
        break;
    }
}

static void free_message(void)
{
    tb_wipe(s_message.payload, sizeof(s_message.payload));
    s_message.is_read = false;
    s_message.state = FREE;
}

/** Makes locks and queue, once, out of static memory; the queue last, for it says that all is there. */
static void make_inbox(void)
{
    if (s_connection.lock == NULL) {
        s_connection.lock = xSemaphoreCreateMutexStatic(&s_connection.lock_memory);
        s_inbox.lock = xSemaphoreCreateMutexStatic(&s_inbox.lock_memory);
        s_inbox.queue = xQueueCreateStatic(EVENT_SLOTS, sizeof(tb_port_event_t), s_inbox.slots, &s_inbox.queue_memory);
    }
}

static void reset_inbox(void)
{
    xQueueReset(s_inbox.queue);
    free_message();
    s_connection.is_up = false;
    s_connection.connack = 0;
    s_connection.has_tls_failed = false;
}

/** False: TLS is asked for, and this model has none. */
static bool configure_tls(const tb_port_tls_t *tls, esp_mqtt_client_config_t *config)
{
#if TB_MODEL_TLS
    tb_port_tls_configure(tls, config);
    return true;
#else
    (void)config;
    return tls == NULL;
#endif
}

static esp_mqtt_client_handle_t start_client(const tb_port_connection_t *connection)
{
    esp_mqtt_client_config_t config = {
        .broker.address =
            {
                .hostname = connection->host,
                .port = connection->port,
                .transport = MQTT_TRANSPORT_OVER_TCP,
            },
        .credentials =
            {
                .username = connection->username,
                .client_id = connection->client_id,
                .authentication = {.password = connection->password},
            },
        .session =
            {
                .keepalive = connection->keepalive_s,
                .message_retransmit_timeout = INT_MAX, // TCP repeats; a request that came twice would be refused
            },
        .network =
            {
                .disable_auto_reconnect = true,
                .timeout_ms = (int)connection->timeout_ms,
                .reconnect_timeout_ms = RECONNECT_MS,
            },
    };
    esp_mqtt_client_handle_t client = configure_tls(connection->tls, &config) ? esp_mqtt_client_init(&config) : NULL;
    if (client == NULL) {
        return NULL;
    }
    if (esp_mqtt_client_register_event(client, MQTT_EVENT_ANY, on_event, NULL) != ESP_OK ||
        esp_mqtt_client_start(client) != ESP_OK) {
        esp_mqtt_client_destroy(client);
        return NULL;
    }
    return client;
}

tb_err_t tb_port_open(const tb_port_connection_t *connection)
{
    if (s_connection.client != NULL) {
        return TB_ERR_INVALID_STATE;
    }
    make_inbox();
    reset_inbox();
    s_connection.client = start_client(connection);
    return s_connection.client != NULL ? TB_OK : TB_ERR_TRANSPORT;
}

tb_err_t tb_port_subscribe(const char *topic, int *msg_id)
{
    if (s_connection.client == NULL) {
        return TB_ERR_TRANSPORT;
    }
    int id = esp_mqtt_client_subscribe(s_connection.client, topic, QOS);
    if (id < 0) {
        return TB_ERR_TRANSPORT;
    }
    *msg_id = id;
    return TB_OK;
}

tb_err_t tb_port_publish(const char *topic, tb_str_t payload, int *msg_id)
{
    int id = -1;
    if (s_connection.lock == NULL) {
        return TB_ERR_TRANSPORT;
    }
    xSemaphoreTake(s_connection.lock, portMAX_DELAY);
    if (s_connection.client != NULL && s_connection.is_up) { // esp-mqtt would keep it for a connection that never comes
        const char *data = payload.len > 0 ? payload.ptr : NULL; // of length 0 esp-mqtt looks for a NUL itself
        id = esp_mqtt_client_publish(s_connection.client, topic, data, (int)payload.len, QOS, false);
    }
    xSemaphoreGive(s_connection.lock);
    if (id < 0) {
        return TB_ERR_TRANSPORT;
    }
    *msg_id = id;
    return TB_OK;
}

void tb_port_close(void)
{
    if (s_connection.client == NULL) {
        return;
    }
    xSemaphoreTake(s_connection.lock, portMAX_DELAY);
    esp_mqtt_client_handle_t client = s_connection.client;
    s_connection.client = NULL;
    s_connection.is_up = false;
    xSemaphoreGive(s_connection.lock);
    esp_mqtt_client_stop(client); // sends DISCONNECT and waits for the client's task
    vTaskDelay(1);                // which, up to ESP-IDF 5.5.0 at least, writes to the client once more after that
    esp_mqtt_client_destroy(client);
    reset_inbox();
}

void tb_port_wake(void)
{
    if (s_inbox.queue != NULL) {
        post((tb_port_event_t){.kind = TB_PORT_WOKEN});
    }
}

bool tb_port_next_event(uint32_t wait_ms, tb_port_event_t *out)
{
    make_inbox();
    if (s_message.is_read) {
        free_message();
    }
    TickType_t ticks = pdMS_TO_TICKS(wait_ms) + (wait_ms > 0 ? 1 : 0); // rounded up, or a short wait would spin
    if (xQueueReceive(s_inbox.queue, out, ticks) != pdTRUE) {
        return false;
    }
    s_message.is_read = out->kind == TB_PORT_MESSAGE;
    return true;
}
