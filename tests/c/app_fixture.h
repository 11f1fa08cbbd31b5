/** @file app_fixture.h  The application in its fake world: what every test of it starts and ends with. */
#pragma once

#include "app_device.h"
#include "fake_fault.h"
#include "fake_journal.h"
#include "fake_log.h"
#include "fake_port.h"
#include "fake_sensors.h"
#include "fake_store.h"
#include "tb/tb_store.h"
#include "tb_test.h"

// secrets, which no line of the log may hold
#define KEY "CANARY-KEY"
#define SECRET "CANARY-SECRET"
#define OWN "ABCDEFGHIJKLMNOPQRST"     /**< The token that the device makes of the first random bytes. */
#define GRANTED "CANARY-GRANTED-TOKEN" /**< A token of the server's. */
#define CONFIGURED "CANARY-CONFIGURED"

// what the device sends
#define REQUEST_OF(token)                                                                                              \
    "publish /provision/request {\"deviceName\":\"MY_DEVICE\",\"provisionDeviceKey\":\"" KEY                           \
    "\",\"provisionDeviceSecret\":\"" SECRET "\",\"credentialsType\":\"ACCESS_TOKEN\",\"token\":\"" token "\"}"
#define SAMPLE "publish v1/devices/me/telemetry {\"temprature\":25,\"humidity\":26}"

// what the server answers (contract 2.6)
#define ANSWER_SUCCESS(token)                                                                                          \
    "{\"credentialsValue\":\"" token "\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"
#define ANSWER_NOT_FOUND "{\"errorMsg\":\"Provision data was not found!\",\"status\":\"NOT_FOUND\"}"
#define ANSWER_FAILURE "{\"errorMsg\":\"Failed to provision device!\",\"status\":\"FAILURE\"}"
#define ANSWER_X509                                                                                                    \
    "{\"credentialsValue\":\"CANARY-X509\",\"credentialsType\":\"X509_CERTIFICATE\",\"status\":\"SUCCESS\"}"

/** A new world: nothing stored, settings for MY_DEVICE. */
int app_setup(void **state);

/** Fails when a secret stands in the log. */
int app_teardown(void **state);

#define app_test(function) cmocka_unit_test_setup_teardown(function, app_setup, app_teardown)

/** Starts the device, runs it to its end, and disconnects it. Returns why it ended. */
tb_outcome_t app_boot(void);

/** The device of the last boot. */
app_device_t *app_device(void);

/** Adds to the script a connection that is accepted. */
void server_accepts(void);

/** Adds to the script an answer to the provisioning request. */
void server_answers(const char *json);

/** Adds to the script a provisioning connection, accepted and answered. */
void server_provisions(const char *json);

/** Adds to the script a connection that is refused. */
void server_refuses(uint8_t connack);

/** Stores the access token @p token under @p key. */
void store_token(const char *key, const char *token);

/** Fails unless the access token @p token is stored under @p key; NULL: unless nothing is. */
void assert_stored(const char *key, const char *token);
