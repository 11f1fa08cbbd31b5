/** @file app_server.h  A server that creates the device once, and then knows its token only (contract 2.3). */
#pragma once

#include "app_fixture.h"

/** A new world (app_setup()), with a server that does not know the device. */
void app_server_setup(void **state);

/** Switches the device off; the server stays. */
void app_server_reset_port(void);

/** The token that the server knows: NULL or "" is none, and the device is then created when it asks. */
void app_server_know(const char *token);

const char *app_server_token(void);

/** How many provisioning requests there were. */
unsigned app_server_requests(void);

/** Calls @p act once, when the server gets its @p nth sample (1: the next). */
void app_server_at_sample(unsigned nth, void (*act)(void));

/** Starts the device for fake_run_with_power_cut(). */
void app_server_boot(void *context);

/** Fails unless the device, started again, works with the token that the server knows. */
void app_server_expect_recovery(void);
