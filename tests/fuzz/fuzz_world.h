/**
 * @file fuzz_world.h
 * The port in memory. What happens is decided by the fuzzer's input as long as there is some; then all goes well: each
 * call works, and the server accepts every connection and grants every request.
 *
 * In the input, each call that can fail takes a byte: it works, fails, or the power fails before or after it. Each wait
 * takes one as well, which names an event, and what the event needs.
 */
#pragma once

#include "fuzz.h"
#include "tb/tb_port.h"

/** Stands in every secret that is not the fuzzer's, and so in no line of the log. */
#define WORLD_CANARY "CANARY"

/** What the device makes of the world's random bytes: a secret too. */
#define WORLD_OWN_TOKEN "yyyyyyyyyyyyyyyyyyyy"

/** Whether a secret of this world stands in @p data, which is no input then: the device's name and the server's error
 *  texts go to the log, whatever they say. */
bool world_is_given_away(const uint8_t *data, size_t size);

/** Starts anew: nothing is stored. Borrows @p input until the next call. */
void world_begin(fuzz_input_t *input);

/** Takes the input to its end: from here on all goes well. */
void world_heal(void);

/** Calls @p run with @p context. Returns false when the power failed meanwhile. */
bool world_run(void (*run)(void *), void *context);

/** What the device was told in `tb_cfg`: an access token, NULL for none. */
void world_configure_token(const char *token);

/** What another task does, now and then, and in which way; NULL: nothing. */
void world_other_task(void (*act)(uint8_t way));

/** How many provisioning requests the device has sent since world_begin(). */
unsigned world_requests(void);

/** How many connections with the pending credentials the server has accepted since world_begin(). */
unsigned world_trials(void);

/** Puts @p value in the store. */
void world_store(const char *key, tb_str_t value);

/** What is stored under @p key, of length 0 when nothing is. Lives until the next change. */
tb_str_t world_stored(const char *key);
