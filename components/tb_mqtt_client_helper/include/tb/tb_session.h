/**
 * @file tb_session.h
 * The life of a device on ThingsBoard as a pure state machine: provision once, then stay connected.
 *
 * tb_session_step() takes an event and the time and returns what is to be done; it does no I/O, reads no clock, and
 * allocates nothing. docs/state-machine.md shows the same as a figure and a table. One session belongs to one task.
 */
#pragma once

#include "tb/tb_outcome.h"
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
    X(TB_EVENT_ROTATE, "rotate")             /* new credentials are stored as the pending ones */                      \
    X(TB_EVENT_TICK, "tick")                 /* time has passed; send one at tb_session_deadline() at the latest */

#define TB_SESSION_ENUM(name, text) name,
typedef enum { TB_STATE_LIST(TB_SESSION_ENUM) TB_STATE_COUNT } tb_state_t;
typedef enum { TB_EVENT_LIST(TB_SESSION_ENUM) TB_EVENT_COUNT } tb_event_kind_t;
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
    TB_EFFECT_FORGET = 1 << 1,     /**< The server refused the pending credentials for certain: erase them, or put a
                                        copy of those that the device has in their place. */
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
    uint32_t refused_wait_ms;    /**< Longest wait after the server refused to provision; 0: stop. */
    uint32_t refusals_max;       /**< CONNACKs of code 5 before new credentials are asked for; 0: that is never done. */
    uint32_t refusals_time_ms;   /**< For how long that has to have gone on, at least. */
    uint32_t run_time_ms;        /**< From the first time online to the end of the run; 0: for ever. */
    bool server_chooses;         /**< The server makes the credentials: those of a lost answer cannot be tried. */
} tb_session_config_t;

/** Read by anyone, written by tb_session_*() only. */
typedef struct {
    tb_session_config_t config;
    tb_state_t state;
    bool has_credentials;
    bool asked_before; /**< The pending credentials are worth a trial: a request for them may have succeeded unseen, or
                            they are to replace those that the device has. */
    uint32_t failures; /**< In a row. */
    uint32_t refusals; /**< Of code 5, since the device was last online. */
    uint64_t refused_since_ms;
    uint32_t random;
    uint64_t deadline_ms;
    uint64_t online_since_ms;
    uint64_t run_end_ms;
    tb_outcome_t outcome; /**< The last one. */
} tb_session_t;

/**
 * Sets up @p session.
 * @param has_credentials  credentials are stored: no provisioning.
 * @param has_pending      other credentials are pending, and worth a trial: an earlier request may have succeeded
 * unseen.
 * @param seed             random, so that the waits of a fleet differ.
 */
void tb_session_init(tb_session_t *session, const tb_session_config_t *config, bool has_credentials, bool has_pending,
                     uint32_t seed);

/** Takes an event. Every event is legal in every state; one that means nothing there changes nothing.
 *  @param now_ms  monotonic. */
TB_NODISCARD tb_step_t tb_session_step(tb_session_t *session, const tb_event_t *event, uint64_t now_ms);

/** When a TB_EVENT_TICK is due, or TB_SESSION_NO_DEADLINE. */
uint64_t tb_session_deadline(const tb_session_t *session);

/** Whether TB_EVENT_ROTATE would be heeded now; the pending credentials may be replaced only then. */
bool tb_session_can_rotate(const tb_session_t *session);

#ifdef __cplusplus
}
#endif
