/** @file stub_esp_idf.h  What a target does to the stand-in for ESP-IDF, and asks of it. */
#pragma once

#include "mqtt_client.h"

/** The steps of making a client, and what is done with one. */
typedef enum {
    STUB_INIT = 1 << 0,
    STUB_REGISTER = 1 << 1,
    STUB_START = 1 << 2,
    STUB_SUBSCRIBE = 1 << 3,
    STUB_PUBLISH = 1 << 4,
    STUB_STOP = 1 << 5,
} stub_call_t;

#define STUB_SETS (STUB_PUBLISH << 1) /**< How many sets there are of those that can fail. */

/** From now on the calls in @p calls, bits of stub_call_t, fail. */
void stub_fail(unsigned calls);

/** Lets the client tell of @p event. @pre there is a client, started. */
void stub_emit(esp_mqtt_event_t event);

/** Lets the client tell of @p event in the middle of its next STUB_START or STUB_STOP, as its own task may. */
void stub_emit_during(stub_call_t call, esp_mqtt_event_t event);

/** Has what the client trusts attached to @p ssl_config, as esp-tls does. @pre there is a client with TLS, started. */
esp_err_t stub_attach(void *ssl_config);

/** Clients that were made and not destroyed. */
unsigned stub_clients(void);

/** At the place @p at, counted from now, of all where tasks may switch, another task calls @p act, once. 0: never. */
void stub_other_task(unsigned at, void (*act)(void));
