/**
 * @file tb_port.h
 * What we ask of the world. port/esp_idf and port/posix implement it for a board and for Linux; tests bring fakes.
 *
 * There is one MQTT connection at a time. All calls come from one task, except tb_port_publish(), tb_port_wake(),
 * tb_port_now_ms(), tb_port_random() and the log, which any task may call at any time.
 */
#pragma once

#include "tb/tb_buf.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TB_PORT_DEVICE_ID_MAX 32 /**< With its NUL. */

/** Brings up the store and the network; blocks until the network is there. In a component of its own (`gen.py
 *  --component`) a board's network is its project's, and is there before.
 *  @retval TB_ERR_STORE  the store; nothing else was tried. @retval TB_ERR_TRANSPORT  the network. */
TB_NODISCARD tb_err_t tb_port_init(void);

/* ---- MQTT: 3.1.1, clean session, QoS 1 both ways ------------------------------------------------------------- */

/** How to speak TLS. PEM texts, NUL-terminated, borrowed until tb_port_close(). The server has to prove that it is the
 *  host that was asked for. */
typedef struct {
    const char *ca;          /**< Certificates to trust; NULL: ESP-IDF's bundle, or those of the system. */
    const char *certificate; /**< The client's, its chain behind it; NULL: none. */
    const char *key;         /**< Its private key, not encrypted; NULL: none. Secret. */
} tb_port_tls_t;

/** Why there is no TLS. */
typedef enum {
    TB_TLS_UNTRUSTED,   /**< No certificate that we trust has signed the server's. */
    TB_TLS_EXPIRED,     /**< The server's certificate is not valid yet, or no more. */
    TB_TLS_WRONG_HOST,  /**< The server's certificate is another host's. */
    TB_TLS_CERTIFICATE, /**< The server refuses our certificate, or wants one and there is none. */
    TB_TLS_BAD_PEM,     /**< A PEM text of ours cannot be read, or certificate and key do not belong together. */
    TB_TLS_HANDSHAKE,   /**< Any other way in which a handshake fails; also a server that speaks no TLS. */
} tb_port_tls_failure_t;

/** NUL-terminated strings, borrowed for the call. */
typedef struct {
    const char *host;
    uint16_t port;
    const char *client_id;
    const char *username;     /**< NULL: none. */
    const char *password;     /**< NULL: none. Secret. */
    const tb_port_tls_t *tls; /**< NULL: plain TCP. Borrowed until tb_port_close(). */
    uint16_t keepalive_s;
    uint32_t timeout_ms; /**< For each network operation. */
} tb_port_connection_t;

typedef enum {
    TB_PORT_CONNECTED,
    TB_PORT_REFUSED,      /**< CONNACK with .connack; the connection is over. */
    TB_PORT_TLS_FAILED,   /**< Not reached by TLS, as .tls says; the connection is over. */
    TB_PORT_DISCONNECTED, /**< Not reachable, or closed by the other side; the connection is over. */
    TB_PORT_PUBLISHED,    /**< .msg_id was acknowledged. */
    TB_PORT_MESSAGE,      /**< .topic and .payload. */
    TB_PORT_TOO_LARGE,    /**< A message was dropped: its topic or its payload is over the bounds in Kconfig. */
    TB_PORT_WOKEN,        /**< tb_port_wake() was called. */
} tb_port_event_kind_t;

typedef struct {
    tb_port_event_kind_t kind;
    uint8_t connack;
    tb_port_tls_failure_t tls;
    int msg_id;
    tb_str_t topic;   /**< Lives until the next tb_port_next_event() or tb_port_close(). */
    tb_str_t payload; /**< Likewise. Secret when it is a provisioning answer: the port wipes it then. */
} tb_port_event_t;

/** Starts to connect; how it went arrives as an event. Bounded in time, but for the system's name resolution.
 *  @pre no connection is open. */
TB_NODISCARD tb_err_t tb_port_open(const tb_port_connection_t *connection);

/** Sends SUBSCRIBE with QoS 1 and does not wait. @p msg_id receives the packet id. */
TB_NODISCARD tb_err_t tb_port_subscribe(const char *topic, int *msg_id);

/** Sends PUBLISH with QoS 1 and does not wait for its acknowledgement. Any task; bounded by the connection's timeout.
 *  @retval TB_ERR_TRANSPORT  not connected, or the write failed. */
TB_NODISCARD tb_err_t tb_port_publish(const char *topic, tb_str_t payload, int *msg_id);

/** Sends DISCONNECT and frees the connection; idempotent. No event of this connection is delivered afterwards. */
void tb_port_close(void);

/** Waits up to @p wait_ms for an event. Returns false when none came. */
bool tb_port_next_event(uint32_t wait_ms, tb_port_event_t *out);

/** Ends a wait for an event, if there is one. Any task. */
void tb_port_wake(void);

/* ---- Store: survives power cuts; a key is replaced as a whole or not at all ------------------------------------ */

#define TB_STORE_CRED "cred"       /**< The credentials that the device works with. */
#define TB_STORE_PENDING "pending" /**< The credentials that it asks for, later a copy of those it has. */

/** Reads the value of @p key. @retval TB_ERR_NOT_FOUND  never saved. @retval TB_ERR_TOO_LONG  over @p cap. */
TB_NODISCARD tb_err_t tb_port_load(const char *key, char *dst, size_t cap, size_t *len);

/** Durable when it returns TB_OK. */
TB_NODISCARD tb_err_t tb_port_save(const char *key, tb_str_t value);

/** TB_OK also when there was none. */
TB_NODISCARD tb_err_t tb_port_erase(const char *key);

/* ---- Settings put on the device from outside: NVS namespace `tb_cfg`, all of NVS type string ------------------- */

/** Reads a text with its NUL. @retval TB_ERR_NOT_FOUND  not set. @retval TB_ERR_TOO_LONG  over @p cap.
 *  @retval TB_ERR_INVALID_ARG  not of type string. */
TB_NODISCARD tb_err_t tb_port_config_text(const char *key, char *dst, size_t cap);

/* ---- System ---------------------------------------------------------------------------------------------------- */

/** Milliseconds since some moment; never goes back. */
uint64_t tb_port_now_ms(void);

/** Whether the date is known, which certificates are judged by. A board asks an SNTP server for it from tb_port_init()
 *  on, when its model uses TLS; a Linux host knows it. */
bool tb_port_time_is_known(void);

/** Unpredictable bytes, fit for a secret. */
void tb_port_random(void *dst, size_t len);

/** Chip name and MAC, e.g. "esp32c3-7cdfa1b2c3d4": unique, the same for ever. */
TB_NODISCARD tb_err_t tb_port_device_id(char dst[TB_PORT_DEVICE_ID_MAX]);

/** Free memory in bytes. */
unsigned long tb_port_free_memory(void);

/** Version of ESP-IDF, or what stands in its place; static lifetime. */
const char *tb_port_sdk_version(void);

/** Ends the program with @p status where programs end (Linux); returns on a board. */
void tb_port_exit(int status);

#ifdef __cplusplus
}
#endif
