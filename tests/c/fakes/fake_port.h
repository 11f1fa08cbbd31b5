/**
 * @file fake_port.h
 * The port's MQTT and system: a server that follows a script, and a clock that only moves while the code waits.
 *
 * A script is a list of events for each connection in turn. What the code does is in the journal (fake_journal.h):
 * "open USER", "subscribe TOPIC", "publish TOPIC PAYLOAD", "close"; what it is told starts with "< ".
 */
#pragma once

#include "tb/tb_port.h"

#define FAKE_OWN_ID "fake-010203040506"

/** Starts anew, as after a reset: no connection, no script, an empty journal. Clock and random bytes go on. */
void fake_port_reset(void);

/** Random bytes are 0, 1, 2, ... from here on. */
void fake_random_restart(void);

/** What follows in the script happens on the next connection. One that is not in the script fails the test. */
void fake_connection(void);

/** Adds an event without attributes. */
void fake_event(tb_port_event_kind_t kind);

void fake_refuse(uint8_t connack);

/** Adds a message; its texts must outlive the test. */
void fake_message(tb_str_t topic, tb_str_t payload);

/** Lets @p ms pass before the next event that is added. */
void fake_pause(uint32_t ms);

/** Repeats the last event for ever, each after another millisecond. */
void fake_flood(void);

/** Calls @p on_open and @p on_publish, which add to the script, in place of a script written before. */
void fake_server(void (*on_open)(const char *username), void (*on_publish)(const char *topic, tb_str_t payload));

/** The longest wait that tb_port_next_event() was asked for. */
uint32_t fake_longest_wait_ms(void);

/** Status of tb_port_exit(), or -1. */
int fake_exit_status(void);

/** What tb_port_open() was given last, but for the user name, which is in the journal; texts are copies. */
const tb_port_connection_t *fake_opened(void);
