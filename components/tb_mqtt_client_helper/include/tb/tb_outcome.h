/**
 * @file tb_outcome.h
 * Everything that can become of a session, and what follows: one table for the code, the log and docs/outcomes.md.
 */
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/** What the device does after an outcome. One that has credentials never stops because of a failure: it tries again. */
typedef enum {
    TB_POLICY_GO_ON, /**< No failure. */
    TB_POLICY_RETRY, /**< Try again after a back-off, without end. */
    TB_POLICY_WAIT,  /**< The server said no: try again after refused_wait_ms, or stop when that is 0. */
    TB_POLICY_STOP,  /**< Nothing is left to try. */
} tb_policy_t;

/** Name behind TB_OUTCOME_, policy behind TB_POLICY_, what a person reads. */
#define TB_OUTCOME_LIST(X)                                                                                             \
    X(NONE, GO_ON, "no outcome yet")                                                                                   \
    X(PROVISIONED, GO_ON, "provisioned, credentials stored")                                                           \
    X(ONLINE, GO_ON, "connected with the device's credentials")                                                        \
    X(COMPLETE, STOP, "run time over")                                                                                 \
    X(NOT_CONFIGURED, STOP, "not configured: server, provision key and provision secret must be set")                  \
    X(NOT_FOUND, WAIT, "NOT_FOUND: provision key or secret is wrong, or provisioning is disabled in the profile")      \
    X(FAILURE, WAIT, "FAILURE: device name or token is taken, already provisioned, or not pre-provisioned")            \
    X(WRONG_KIND, WAIT, "the server gave credentials of a kind that this firmware cannot use")                         \
    X(MALFORMED, RETRY, "the server's answer cannot be read")                                                          \
    X(NO_ANSWER, RETRY, "the server did not answer the provisioning request")                                          \
    X(CLOSED, RETRY, "the server closed the connection without an answer")                                             \
    X(UNREACHABLE, RETRY, "the server cannot be reached")                                                              \
    X(REFUSED_PROTOCOL, RETRY, "connection refused, code 1: MQTT version not accepted")                                \
    X(REFUSED_ID, RETRY, "connection refused, code 2: client id not accepted")                                         \
    X(REFUSED_BUSY, RETRY, "connection refused, code 3: server busy, rate limit, or wrong transport in the profile")   \
    X(REFUSED_LOGIN, RETRY, "connection refused, code 4: wrong user name or password")                                 \
    X(NOT_AUTHORIZED, RETRY, "connection refused, code 5: credentials unknown, was the device deleted?")               \
    X(REFUSED_OTHER, RETRY, "connection refused with an unknown code")                                                 \
    X(REPROVISION, RETRY, "refused for too long: provisioning again, the old credentials stay until then")             \
    X(ROTATION_REFUSED, RETRY, "new credentials refused: going on with the old ones")                                  \
    X(CONNECTION_LOST, RETRY, "connection lost")                                                                       \
    X(STORE_FAILED, RETRY, "the credential store failed")                                                              \
    X(PORT_FAILED, RETRY, "network or MQTT client could not be started or used")

/** Of models that use TLS; the others know the numbers, and spare the texts. */
#define TB_OUTCOME_TLS_LIST(X)                                                                                         \
    X(TLS_UNTRUSTED, RETRY, "the server's certificate is not signed by a CA that is trusted here")                     \
    X(TLS_EXPIRED, RETRY, "the server's certificate is expired or not yet valid, or the clock is wrong")               \
    X(TLS_WRONG_HOST, RETRY, "the server's certificate is for another host name")                                      \
    X(TLS_CERTIFICATE, RETRY, "the server refuses the client certificate, or misses one")                              \
    X(TLS_BAD_PEM, RETRY, "CA, client certificate or key cannot be read, or do not belong together")                   \
    X(TLS_FAILED, RETRY, "TLS handshake failed: is it the port of MQTT over TLS?")                                     \
    X(NO_TIME, RETRY, "the date is not known yet: certificates cannot be judged, is SNTP reachable?")                  \
    X(NO_CERTIFICATE, STOP, "no client certificate, or no key for it, in NVS (tb_cfg) or in the firmware")             \
    X(CERTIFICATE_UNKNOWN, RETRY, "connection refused, code 5: no device has this client certificate, or it is expired")

#define TB_OUTCOME_ENUM(name, policy, text) TB_OUTCOME_##name,
typedef enum { TB_OUTCOME_LIST(TB_OUTCOME_ENUM) TB_OUTCOME_TLS_LIST(TB_OUTCOME_ENUM) TB_OUTCOME_COUNT } tb_outcome_t;
#undef TB_OUTCOME_ENUM

/** What follows @p outcome. */
tb_policy_t tb_outcome_policy(tb_outcome_t outcome);

/** Name, without TB_OUTCOME_, and meaning of an outcome, for logs; static lifetime. */
const char *tb_outcome_name(tb_outcome_t outcome);
const char *tb_outcome_text(tb_outcome_t outcome);

#ifdef __cplusplus
}
#endif
