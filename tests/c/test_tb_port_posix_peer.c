#include "test_tb_port_posix_peer.h"

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tb_test.h"

static const peer_t *s_peer;
static peer_seen_t s_seen;
static int s_listener;
static pthread_t s_thread;

static SSL_CTX *make_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    if (context == NULL || SSL_CTX_use_certificate(context, s_peer->identity->certificate) != 1 ||
        SSL_CTX_use_PrivateKey(context, s_peer->identity->key) != 1 ||
        SSL_CTX_set_max_proto_version(context, s_peer->max_version) != 1) {
        abort();
    }
    if (s_peer->client_ca != NULL) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), s_peer->client_ca->certificate) != 1) {
            abort();
        }
    }
    return context;
}

static void talk_mqtt(SSL *ssl)
{
    static const uint8_t CONNACK[] = {0x20, 2, 0, 0};
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    strncpy(s_seen.server_name, name != NULL ? name : "", sizeof(s_seen.server_name) - 1);
    int len = SSL_read(ssl, s_seen.connect, sizeof(s_seen.connect));
    if (len > 0) {
        s_seen.connect_len = (size_t)len;
        (void)SSL_write(ssl, CONNACK, sizeof(CONNACK));
        (void)SSL_shutdown(ssl);
    }
}

static void talk_tls(int socket)
{
    SSL_CTX *context = make_context();
    SSL *ssl = SSL_new(context);
    if (ssl == NULL || SSL_set_fd(ssl, socket) != 1) {
        abort();
    }
    s_seen.is_connected = SSL_accept(ssl) == 1;
    if (s_seen.is_connected) {
        talk_mqtt(ssl);
    }
    SSL_free(ssl);
    SSL_CTX_free(context);
}

static void await_close(int socket)
{
    char bytes[256];
    while (read(socket, bytes, sizeof(bytes)) > 0) {
    }
}

/** Closes once all is read: what lies unread would turn our end into a reset, which may overtake an alert. */
static void close_politely(int socket)
{
    (void)shutdown(socket, SHUT_WR);
    await_close(socket);
    close(socket);
}

static void close_rudely(int socket)
{
    struct linger at_once = {.l_onoff = 1};
    if (setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) != 0) {
        abort();
    }
    close(socket);
}

static void await_first_bytes(int socket)
{
    char bytes[16];
    (void)!read(socket, bytes, sizeof(bytes));
}

static void talk_plain(int socket)
{
    static const char LINE[] = "HTTP/1.1 400 Bad Request\r\n";
    (void)!write(socket, LINE, strlen(LINE));
}

static void talk(int socket)
{
    switch (s_peer->kind) {
    case PEER_TLS:
        talk_tls(socket);
        break;
    case PEER_PLAIN:
        await_first_bytes(socket);
        talk_plain(socket);
        break;
    case PEER_CLOSES:
    case PEER_RESETS:
        await_first_bytes(socket);
        break;
    case PEER_CLOSES_AT_ONCE:
    case PEER_RESETS_AT_ONCE:
        break;
    case PEER_SILENT:
        await_close(socket);
        break;
    }
}

static void *serve(void *context)
{
    (void)context;
    int socket = accept(s_listener, NULL, NULL);
    if (socket < 0) {
        abort();
    }
    talk(socket);
    bool is_rude = s_peer->kind == PEER_RESETS || s_peer->kind == PEER_RESETS_AT_ONCE;
    (is_rude ? close_rudely : close_politely)(socket);
    return NULL;
}

uint16_t peer_start(const peer_t *peer)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    s_peer = peer;
    s_seen = (peer_seen_t){0};
    s_listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(s_listener >= 0);
    assert_int_equal(bind(s_listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(s_listener, 1), 0);
    assert_int_equal(getsockname(s_listener, (struct sockaddr *)&address, &len), 0);
    assert_int_equal(pthread_create(&s_thread, NULL, serve, NULL), 0);
    return ntohs(address.sin_port);
}

const peer_seen_t *peer_join(void)
{
    assert_int_equal(pthread_join(s_thread, NULL), 0);
    close(s_listener);
    return &s_seen;
}
