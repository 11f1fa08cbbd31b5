/** @file test_tb_port_posix_peer.h  A server that takes one connection, over TLS if it is of that kind. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "test_tb_port_posix_identity.h"

typedef enum {
    PEER_TLS,            /**< Answers CONNECT with CONNACK 0, then closes. */
    PEER_PLAIN,          /**< Answers whatever comes with a line of text. */
    PEER_CLOSES,         /**< At the first bytes. */
    PEER_RESETS,         /**< Likewise, rudely. */
    PEER_CLOSES_AT_ONCE, /**< Reads nothing. */
    PEER_RESETS_AT_ONCE, /**< Likewise, rudely. */
    PEER_SILENT,         /**< Says nothing. */
} peer_kind_t;

/** Borrowed until peer_join(). */
typedef struct {
    peer_kind_t kind;
    const identity_t *identity;
    const identity_t *client_ca; /**< Has to have signed the client's certificate; NULL: none is asked for. */
    int max_version;             /**< Of TLS, e.g. TLS1_2_VERSION; 0: the newest. */
} peer_t;

typedef struct {
    bool is_connected;    /**< The handshake has succeeded. */
    char server_name[64]; /**< Which host the client has asked for. */
    uint8_t connect[256];
    size_t connect_len;
} peer_seen_t;

/** Returns its port, on 127.0.0.1. */
uint16_t peer_start(const peer_t *peer);

/** Waits until the connection is over. Valid until the next peer_start(). */
const peer_seen_t *peer_join(void);
