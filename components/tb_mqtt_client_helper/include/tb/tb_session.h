/**
 * @file tb_session.h
 * The life of a device on ThingsBoard as a pure state machine: provision once, then stay connected.
 *
 * tb_session_step() takes an event and the time and returns what is to be done; it does no I/O, reads no clock, and
 * allocates nothing. docs/state-machine.md shows the same as a figure and a table. One session belongs to one task.
 */
#pragma once

#include "tb/tb_prov.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TB_SESSION_NO_DEADLINE UINT64_MAX

#define TB_STATE_LIST(X)                                                                                               \
    X(TB_STATE_START, "start")                                                                                         \
    X(TB_STATE_PROV_CONNECT, "prov_connect")                                                                           \
    X(TB_STATE_PROV_ANSWER, "prov_answer")                                                                             \
    X(TB_STATE_PROV_STORE, "prov_store")                                                                               \
    X(TB_STATE_TRIAL, "trial")                                                                                         \
    X(TB_STATE_TRIAL_STORE, "trial_store")                                                                             \
    X(TB_STATE_CONNECT, "connect")                                                                                     \
    X(TB_STATE_ONLINE, "online")                                                                                       \
    X(TB_STATE_BACKOFF, "backoff")                                                                                     \
    X(TB_STATE_DONE, "done")

#define TB_EVENT_LIST(X)                                                                                               \
    X(TB_EVENT_START, "start")               /* once, after init */                                                    \
    X(TB_EVENT_CONNECTED, "connected")       /* CONNACK 0 */                                                           \
    X(TB_EVENT_REFUSED, "refused")           /* CONNACK with another code, in .connack */                              \
    X(TB_EVENT_DISCONNECTED, "disconnected") /* the connection failed or was closed by the other side */               \
    X(TB_EVENT_ANSWER, "answer")             /* the provisioning answer, read, in .answer */                           \
    X(TB_EVENT_STORED, "stored")             /* TB_EFFECT_STORE is done and durable */                                 \
    X(TB_EVENT_FAILED, "failed")             /* an effect could not be carried out, as said in .failure */             \
    X(TB_EVENT_TICK, "tick")                 /* time has passed; send one at tb_session_deadline() at the latest */

/** Why the session is where it is: name behind TB_OUTCOME_, what a person reads. */
#define TB_OUTCOME_LIST(X)                                                                                             \
    X(NONE, "no outcome yet")                                                                                          \
    X(PROVISIONED, "provisioned, credentials stored")                                                                  \
    X(ONLINE, "connected with the device's credentials")                                                               \
    X(COMPLETE, "run time over")                                                                                       \
    X(NOT_CONFIGURED, "not configured: server, provision key and provision secret must be set")                        \
    X(NOT_FOUND, "NOT_FOUND: provision key or secret is wrong, or provisioning is disabled in the device profile")     \
    X(FAILURE, "FAILURE: device name or token is taken, already provisioned, or not pre-provisioned")                  \
    X(WRONG_KIND, "the server gave credentials of a kind that this firmware cannot use")                               \
    X(MALFORMED, "the server's answer cannot be read")                                                                 \
    X(NO_ANSWER, "the server did not answer the provisioning request")                                                 \
    X(CLOSED, "the server closed the connection without an answer")                                                    \
    X(UNREACHABLE, "the server cannot be reached")                                                                     \
    X(REFUSED_PROTOCOL, "connection refused, code 1: MQTT version not accepted")                                       \
    X(REFUSED_ID, "connection refused, code 2: client id not accepted")                                                \
    X(REFUSED_BUSY, "connection refused, code 3: server busy, rate limit, or wrong transport in the profile")          \
    X(REFUSED_LOGIN, "connection refused, code 4: wrong user name or password")                                        \
    X(NOT_AUTHORIZED, "connection refused, code 5: credentials unknown, was the device deleted?")                      \
    X(REFUSED_OTHER, "connection refused with an unknown code")                                                        \
    X(CONNECTION_LOST, "connection lost")                                                                              \
    X(STORE_FAILED, "the credential store failed")                                                                     \
    X(PORT_FAILED, "network or MQTT client could not be started or used")

/** Of models that use TLS; the others know the numbers, and spare the texts. */
#define TB_OUTCOME_TLS_LIST(X)                                                                                         \
    X(TLS_UNTRUSTED, "the server's certificate is not signed by a CA that is trusted here")                            \
    X(TLS_EXPIRED, "the server's certificate is expired or not yet valid, or the clock is wrong")                      \
    X(TLS_WRONG_HOST, "the server's certificate is for another host name")                                             \
    X(TLS_CERTIFICATE, "the server refuses the client certificate, or misses one")                                     \
    X(TLS_BAD_PEM, "CA, client certificate or key cannot be read, or do not belong together")                          \
    X(TLS_FAILED, "TLS handshake failed: is it the port of MQTT over TLS?")                                            \
    X(NO_TIME, "the date is not known yet: certificates cannot be judged, is SNTP reachable?")                         \
    X(NO_CERTIFICATE, "no client certificate, or no key for it, in NVS (tb_cfg) or in the firmware")                   \
    X(CERTIFICATE_UNKNOWN, "connection refused, code 5: no device has this client certificate, or it is expired")

#define TB_SESSION_ENUM(name, text) name,
typedef enum { TB_STATE_LIST(TB_SESSION_ENUM) TB_STATE_COUNT } tb_state_t;
typedef enum { TB_EVENT_LIST(TB_SESSION_ENUM) TB_EVENT_COUNT } tb_event_kind_t;
#undef TB_SESSION_ENUM
#define TB_SESSION_ENUM(name, text) TB_OUTCOME_##name,
typedef enum { TB_OUTCOME_LIST(TB_SESSION_ENUM) TB_OUTCOME_TLS_LIST(TB_SESSION_ENUM) TB_OUTCOME_COUNT } tb_outcome_t;
#undef TB_SESSION_ENUM

typedef struct {
    tb_event_kind_t kind;
    uint8_t connack;          /**< Of TB_EVENT_REFUSED. */
    bool has_certificate;     /**< Of TB_EVENT_REFUSED: the device showed its certificate. */
    tb_prov_outcome_t answer; /**< Of TB_EVENT_ANSWER. */
    tb_outcome_t failure;     /**< Of TB_EVENT_FAILED. */
} tb_event_t;

/** What is to be done, in the order of the bits. */
typedef enum {
    TB_EFFECT_CLOSE = 1 << 0,      /**< Close the connection. */
    TB_EFFECT_FORGET = 1 << 1,     /**< Erase the pending credentials: the server refused them for certain. */
    TB_EFFECT_OPEN_FRONT = 1 << 2, /**< Open a provisioning connection. */
    TB_EFFECT_REQUEST = 1 << 3,    /**< Keep the credentials to be asked for as pending, subscribe, send the request. */
    TB_EFFECT_STORE = 1 << 4, /**< Store the credentials (answered, or pending in a trial); then TB_EVENT_STORED. */
    TB_EFFECT_OPEN_TRIAL = 1 << 5,  /**< Open a connection with the pending credentials. */
    TB_EFFECT_OPEN_NORMAL = 1 << 6, /**< Open a connection with the stored credentials. */
    TB_EFFECT_ONLINE = 1 << 7,      /**< The device is connected: work. */
    TB_EFFECT_FINISH = 1 << 8,      /**< Nothing more will happen: close the connection and end. */
} tb_effect_t;

typedef struct {
    unsigned effects;     /**< Bits of tb_effect_t. */
    tb_outcome_t outcome; /**< News for the log, or TB_OUTCOME_NONE. */
    uint32_t wait_ms;     /**< How long TB_STATE_BACKOFF lasts when it was entered by this step, else 0. */
} tb_step_t;

/** Times in milliseconds. */
typedef struct {
    uint32_t connect_timeout_ms; /**< From opening a connection to CONNACK. */
    uint32_t answer_timeout_ms;  /**< From the request to its answer; the server may take 10 s (contract 2.3). */
    uint32_t backoff_base_ms;    /**< Longest wait after the first failure; doubled by each further one. */
    uint32_t backoff_cap_ms;     /**< Longest wait at all. */
    uint32_t refused_wait_ms;    /**< Wait after the server refused to provision; 0: give up. */
    uint32_t run_time_ms;        /**< From the first time online to the end of the run; 0: for ever. */
    bool server_chooses;         /**< The server makes the credentials: those of a lost answer cannot be tried. */
} tb_session_config_t;

/** Read by anyone, written by tb_session_*() only. */
typedef struct {
    tb_session_config_t config;
    tb_state_t state;
    bool has_credentials;
    bool asked_before; /**< A request may have succeeded without our seeing the answer. */
    uint32_t failures; /**< In a row. */
    uint32_t random;
    uint64_t deadline_ms;
    uint64_t online_since_ms;
    uint64_t run_end_ms;
    tb_outcome_t outcome; /**< The last one. */
} tb_session_t;

/**
 * Sets up @p session.
 * @param has_credentials  credentials are stored: no provisioning.
 * @param has_pending      pending credentials are stored: an earlier request may have succeeded unseen.
 * @param seed             random, so that the waits of a fleet differ.
 */
void tb_session_init(tb_session_t *session, const tb_session_config_t *config, bool has_credentials, bool has_pending,
                     uint32_t seed);

/** Takes an event. Every event is legal in every state; one that means nothing there changes nothing.
 *  @param now_ms  monotonic. */
TB_NODISCARD tb_step_t tb_session_step(tb_session_t *session, const tb_event_t *event, uint64_t now_ms);

/** When a TB_EVENT_TICK is due, or TB_SESSION_NO_DEADLINE. */
uint64_t tb_session_deadline(const tb_session_t *session);

/** Name, without TB_OUTCOME_, and meaning of an outcome, for logs; static lifetime. */
const char *tb_outcome_name(tb_outcome_t outcome);
const char *tb_outcome_text(tb_outcome_t outcome);

#ifdef __cplusplus
}
#endif
