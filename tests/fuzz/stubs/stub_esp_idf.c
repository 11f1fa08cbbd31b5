#include "stub_esp_idf.h"

#include <stdarg.h>

#include "esp_log.h"
#include "freertos/queue.h"
#include "freertos/semphr.h"
#include "freertos/task.h"
#include "fuzz.h"

struct esp_mqtt_client {
    esp_event_handler_t handler;
    void *context;
    esp_err_t (*attach)(void *config);
    bool is_started;
    int msg_id;
};

static unsigned s_failing;
static unsigned s_clients;
static esp_mqtt_client_handle_t s_client;
static struct {
    stub_call_t call;
    esp_mqtt_event_t event;
} s_sudden;
static unsigned s_mutexes_taken;
static struct {
    unsigned at;
    void (*act)(void);
} s_other_task;

void stub_other_task(unsigned at, void (*act)(void))
{
    s_other_task.at = at;
    s_other_task.act = act;
}

/** Tasks may switch here. The other task is not let on while it might have to wait for a mutex. */
static void switch_tasks(void)
{
    if (s_mutexes_taken == 0 && s_other_task.at > 0 && --s_other_task.at == 0) {
        s_other_task.act();
    }
}

void stub_fail(unsigned calls)
{
    s_failing = calls;
}

void stub_emit(esp_mqtt_event_t event)
{
    fuzz_check(s_client->is_started);
    event.client = s_client;
    s_client->handler(s_client->context, "MQTT_EVENTS", (int32_t)event.event_id, &event);
}

void stub_emit_during(stub_call_t call, esp_mqtt_event_t event)
{
    s_sudden.call = call;
    s_sudden.event = event;
}

static void be_sudden(stub_call_t call)
{
    if (s_sudden.call == call) {
        s_sudden.call = 0;
        stub_emit(s_sudden.event);
    }
}

esp_err_t stub_attach(void *ssl_config)
{
    fuzz_check(s_client->is_started);
    return s_client->attach(ssl_config);
}

unsigned stub_clients(void)
{
    return s_clients;
}

esp_mqtt_client_handle_t esp_mqtt_client_init(const esp_mqtt_client_config_t *config)
{
    switch_tasks();
    bool uses_tls = config->broker.address.transport == MQTT_TRANSPORT_OVER_SSL;
    fuzz_check(config->broker.address.hostname != NULL && config->network.disable_auto_reconnect);
    fuzz_check(uses_tls == (config->broker.verification.crt_bundle_attach != NULL));
    if ((s_failing & STUB_INIT) != 0) {
        return NULL;
    }
    s_client = calloc(1, sizeof(*s_client));
    fuzz_check(s_client != NULL);
    s_client->attach = config->broker.verification.crt_bundle_attach;
    s_clients++;
    return s_client;
}

esp_err_t esp_mqtt_client_register_event(esp_mqtt_client_handle_t client, esp_mqtt_event_id_t event,
                                         esp_event_handler_t handler, void *context)
{
    fuzz_check(event == MQTT_EVENT_ANY);
    client->handler = handler;
    client->context = context;
    return (s_failing & STUB_REGISTER) != 0 ? ESP_FAIL : ESP_OK;
}

esp_err_t esp_mqtt_client_start(esp_mqtt_client_handle_t client)
{
    client->is_started = (s_failing & STUB_START) == 0;
    be_sudden(STUB_START);
    switch_tasks();
    return client->is_started ? ESP_OK : ESP_FAIL;
}

esp_err_t esp_mqtt_client_stop(esp_mqtt_client_handle_t client)
{
    switch_tasks();
    fuzz_check(client->is_started);
    be_sudden(STUB_STOP);
    client->is_started = false;
    return ESP_OK;
}

esp_err_t esp_mqtt_client_destroy(esp_mqtt_client_handle_t client)
{
    switch_tasks();
    fuzz_check(!client->is_started);
    free(client);
    s_clients--;
    return ESP_OK;
}

int esp_mqtt_client_subscribe(esp_mqtt_client_handle_t client, const char *topic, int qos)
{
    switch_tasks();
    fuzz_check(client->is_started && topic[0] != '\0' && qos == 1);
    return (s_failing & STUB_SUBSCRIBE) != 0 ? -1 : client->msg_id++;
}

int esp_mqtt_client_publish(esp_mqtt_client_handle_t client, const char *topic, const char *data, int len, int qos,
                            int retain)
{
    fuzz_check(client->is_started && topic[0] != '\0' && qos == 1 && retain == 0);
    fuzz_check(len > 0 ? data != NULL : data == NULL); // of other data and length 0 it takes strlen()
    return (s_failing & STUB_PUBLISH) != 0 ? -2 : client->msg_id++;
}

const char *esp_err_to_name(esp_err_t err)
{
    return err == ESP_OK ? "ESP_OK" : "ERROR";
}

void stub_log(const char *tag, const char *format, ...)
{
    char line[256];
    va_list args;
    fuzz_check(tag[0] != '\0');
    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
}

QueueHandle_t xQueueCreateStatic(UBaseType_t length, UBaseType_t item_size, uint8_t *storage, StaticQueue_t *memory)
{
    *memory = (StaticQueue_t){.storage = storage, .item_size = item_size, .capacity = length};
    return memory;
}

BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t ticks)
{
    switch_tasks();
    fuzz_check(ticks == 0); // the event handler must not block
    if (queue->count == queue->capacity) {
        return pdFALSE;
    }
    size_t at = (queue->first + queue->count++) % queue->capacity;
    memcpy(queue->storage + at * queue->item_size, item, queue->item_size);
    return pdTRUE;
}

BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t ticks)
{
    (void)ticks;
    switch_tasks();
    if (queue->count == 0) {
        return pdFALSE;
    }
    memcpy(item, queue->storage + queue->first * queue->item_size, queue->item_size);
    queue->first = (queue->first + 1) % queue->capacity;
    queue->count--;
    return pdTRUE;
}

BaseType_t xQueueReset(QueueHandle_t queue)
{
    switch_tasks();
    queue->count = 0;
    return pdTRUE;
}

UBaseType_t uxQueueSpacesAvailable(QueueHandle_t queue)
{
    UBaseType_t spaces = (UBaseType_t)(queue->capacity - queue->count);
    switch_tasks();
    return spaces;
}

SemaphoreHandle_t xSemaphoreCreateMutexStatic(StaticSemaphore_t *memory)
{
    memory->is_taken = false;
    return memory;
}

BaseType_t xSemaphoreTake(SemaphoreHandle_t mutex, TickType_t ticks)
{
    switch_tasks();
    fuzz_check(ticks == portMAX_DELAY && !mutex->is_taken);
    mutex->is_taken = true;
    s_mutexes_taken++;
    return pdTRUE;
}

BaseType_t xSemaphoreGive(SemaphoreHandle_t mutex)
{
    fuzz_check(mutex->is_taken);
    mutex->is_taken = false;
    s_mutexes_taken--;
    switch_tasks();
    return pdTRUE;
}

void vTaskDelay(TickType_t ticks)
{
    (void)ticks;
    switch_tasks();
}
