// TLS of the port for Linux, against a server in a thread, with certificates made here.

#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "tb/tb_port.h"
#include "tb_test.h"
#include "test_tb_port_posix_peer.h"

#define EVENT_MS 5000
#define SILENCE_MS 200
#define CLOSED_PORT 1 // nobody listens there

static const int VERSIONS[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static identity_t s_ca;
static identity_t s_other_ca;
static identity_t s_server; /**< Is "localhost". */
static identity_t s_client;
static char *s_ca_pem;
static char *s_client_pem;
static char *s_client_key;

static int make_identities(void **state)
{
    (void)state;
    s_ca = identity_make(NULL, NULL, -HOUR_S, HOUR_S);
    s_other_ca = identity_make(NULL, NULL, -HOUR_S, HOUR_S);
    s_server = identity_make(&s_ca, "DNS:localhost", -HOUR_S, HOUR_S);
    s_client = identity_make(&s_ca, "DNS:device", -HOUR_S, HOUR_S);
    s_ca_pem = identity_certificate_pem(&s_ca);
    s_client_pem = identity_certificate_pem(&s_client);
    s_client_key = identity_key_pem(&s_client, NULL);
    return 0;
}

static int free_identities(void **state)
{
    (void)state;
    identity_free(&s_ca);
    identity_free(&s_other_ca);
    identity_free(&s_server);
    identity_free(&s_client);
    free(s_ca_pem);
    free(s_client_pem);
    free(s_client_key);
    return 0;
}

/** Appends @p second to @p first. The caller's to free. */
static char *joined(const char *first, const char *second)
{
    char *text = malloc(strlen(first) + strlen(second) + 1);
    assert_non_null(text);
    strcpy(text, first);
    strcat(text, second);
    return text;
}

static tb_port_event_t next_event(void)
{
    tb_port_event_t event;
    assert_true(tb_port_next_event(EVENT_MS, &event));
    return event;
}

/** Connects as @p connection says, and returns the first event of that. */
static tb_port_event_t first_event(const char *host, uint16_t port, const tb_port_tls_t *tls)
{
    assert_int_equal(tb_port_open(&(tb_port_connection_t){.host = host, .port = port, .client_id = "c", .tls = tls}),
                     TB_OK);
    return next_event();
}

static void assert_connects(const peer_t *peer, const char *host, const tb_port_tls_t *tls)
{
    tb_port_event_t event = first_event(host, peer_start(peer), tls);
    assert_int_equal(event.kind, TB_PORT_CONNECTED);
    tb_port_close();
    assert_string_equal(peer_join()->server_name, host);
}

static void assert_fails(const peer_t *peer, const char *host, const tb_port_tls_t *tls, tb_port_tls_failure_t expected)
{
    tb_port_event_t event = first_event(host, peer_start(peer), tls);
    tb_port_close();
    assert_false(peer_join()->is_connected);
    assert_int_equal(event.kind, TB_PORT_TLS_FAILED);
    assert_int_equal(event.tls, expected);
}

static void assert_server_fails(const identity_t *server, const char *host, tb_port_tls_failure_t expected)
{
    for (size_t i = 0; i < TB_COUNT(VERSIONS); i++) {
        peer_t peer = {.identity = server, .max_version = VERSIONS[i]};
        assert_fails(&peer, host, &(tb_port_tls_t){.ca = s_ca_pem}, expected);
    }
}

static void assert_client_fails(const tb_port_tls_t *tls, const identity_t *client_ca)
{
    for (size_t i = 0; i < TB_COUNT(VERSIONS); i++) {
        peer_t peer = {.identity = &s_server, .client_ca = client_ca, .max_version = VERSIONS[i]};
        assert_fails(&peer, "localhost", tls, TB_TLS_CERTIFICATE);
    }
}

/** Fails unless a text of @p tls is refused without a server. */
static void assert_bad_pem(const tb_port_tls_t *tls)
{
    tb_port_event_t event = first_event("localhost", CLOSED_PORT, tls);
    tb_port_close();
    assert_int_equal(event.kind, TB_PORT_TLS_FAILED);
    assert_int_equal(event.tls, TB_TLS_BAD_PEM);
}

static void server_that_a_trusted_authority_has_signed_is_connected_to(void **state)
{
    (void)state;
    for (size_t i = 0; i < TB_COUNT(VERSIONS); i++) {
        peer_t peer = {.identity = &s_server, .max_version = VERSIONS[i]};
        assert_connects(&peer, "localhost", &(tb_port_tls_t){.ca = s_ca_pem});
    }
}

static void any_authority_of_the_text_is_trusted(void **state)
{
    (void)state;
    char *other = identity_certificate_pem(&s_other_ca);
    char *both = joined(other, s_ca_pem);
    assert_connects(&(peer_t){.identity = &s_server}, "localhost", &(tb_port_tls_t){.ca = both});
    free(other);
    free(both);
}

static void without_a_text_the_authorities_of_the_system_are_trusted(void **state)
{
    (void)state;
    char path[] = "/tmp/tb_ca_XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(write(file, s_ca_pem, strlen(s_ca_pem)), strlen(s_ca_pem));
    close(file);
    assert_fails(&(peer_t){.identity = &s_server}, "localhost", &(tb_port_tls_t){0}, TB_TLS_UNTRUSTED);
    assert_int_equal(setenv("SSL_CERT_FILE", path, 1), 0);
    assert_connects(&(peer_t){.identity = &s_server}, "localhost", &(tb_port_tls_t){0});
    assert_int_equal(unsetenv("SSL_CERT_FILE"), 0);
    assert_int_equal(unlink(path), 0);
}

static void address_is_looked_for_among_the_addresses_of_the_certificate(void **state)
{
    (void)state;
    identity_t server = identity_make(&s_ca, "IP:127.0.0.1", -HOUR_S, HOUR_S);
    assert_connects(&(peer_t){.identity = &server}, "127.0.0.1", &(tb_port_tls_t){.ca = s_ca_pem});
    identity_free(&server);
    assert_server_fails(&s_server, "127.0.0.1", TB_TLS_WRONG_HOST);
}

static void certificate_of_another_host_is_told(void **state)
{
    (void)state;
    identity_t server = identity_make(&s_ca, "DNS:tb.example", -HOUR_S, HOUR_S);
    assert_server_fails(&server, "localhost", TB_TLS_WRONG_HOST);
    identity_free(&server);
}

static void certificate_of_an_unknown_authority_is_told(void **state)
{
    (void)state;
    identity_t server = identity_make(&s_other_ca, "DNS:localhost", -HOUR_S, HOUR_S);
    assert_server_fails(&server, "localhost", TB_TLS_UNTRUSTED);
    identity_free(&server);
}

static void certificate_out_of_its_time_is_told(void **state)
{
    (void)state;
    identity_t past = identity_make(&s_ca, "DNS:localhost", -2 * HOUR_S, -HOUR_S);
    identity_t future = identity_make(&s_ca, "DNS:localhost", HOUR_S, 2 * HOUR_S);
    assert_server_fails(&past, "localhost", TB_TLS_EXPIRED);
    assert_server_fails(&future, "localhost", TB_TLS_EXPIRED);
    identity_free(&past);
    identity_free(&future);
}

static void client_proves_itself_by_a_certificate_with_its_chain(void **state)
{
    (void)state;
    identity_t middle = identity_make(&s_ca, NULL, -HOUR_S, HOUR_S);
    identity_t client = identity_make(&middle, "DNS:device", -HOUR_S, HOUR_S);
    char *own = identity_certificate_pem(&client);
    char *above = identity_certificate_pem(&middle);
    char *chain = joined(own, above);
    char *key = identity_key_pem(&client, NULL);
    peer_t peer = {.identity = &s_server, .client_ca = &s_ca};
    assert_connects(&peer, "localhost", &(tb_port_tls_t){.ca = s_ca_pem, .certificate = chain, .key = key});
    free(own);
    free(above);
    free(chain);
    free(key);
    identity_free(&middle);
    identity_free(&client);
}

static void want_of_a_client_certificate_is_told(void **state)
{
    (void)state;
    assert_client_fails(&(tb_port_tls_t){.ca = s_ca_pem}, &s_ca);
}

static void client_certificate_that_the_server_refuses_is_told(void **state)
{
    (void)state;
    tb_port_tls_t tls = {.ca = s_ca_pem, .certificate = s_client_pem, .key = s_client_key};
    assert_client_fails(&tls, &s_other_ca);
}

static void text_that_cannot_be_read_is_told(void **state)
{
    static const char BROKEN[] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    (void)state;
    char *with_broken = joined(s_ca_pem, BROKEN);
    char *client_with_broken = joined(s_client_pem, BROKEN);
    char *encrypted = identity_key_pem(&s_client, "password");
    assert_bad_pem(&(tb_port_tls_t){.ca = ""});
    assert_bad_pem(&(tb_port_tls_t){.ca = "not PEM"});
    assert_bad_pem(&(tb_port_tls_t){.ca = BROKEN});
    assert_bad_pem(&(tb_port_tls_t){.ca = with_broken});
    assert_bad_pem(&(tb_port_tls_t){.ca = s_ca_pem, .certificate = "", .key = s_client_key});
    assert_bad_pem(&(tb_port_tls_t){.ca = s_ca_pem, .certificate = client_with_broken, .key = s_client_key});
    assert_bad_pem(&(tb_port_tls_t){.ca = s_ca_pem, .certificate = s_client_pem, .key = "not PEM"});
    assert_bad_pem(&(tb_port_tls_t){.ca = s_ca_pem, .certificate = s_client_pem, .key = encrypted});
    free(with_broken);
    free(client_with_broken);
    free(encrypted);
}

static void certificate_and_key_that_do_not_belong_together_are_told(void **state)
{
    (void)state;
    char *key = identity_key_pem(&s_server, NULL);
    assert_bad_pem(&(tb_port_tls_t){.ca = s_ca_pem, .certificate = s_client_pem, .key = key});
    assert_bad_pem(&(tb_port_tls_t){.ca = s_ca_pem, .certificate = s_client_pem});
    free(key);
}

static void server_that_speaks_no_TLS_is_told(void **state)
{
    static const peer_kind_t KINDS[] = {PEER_PLAIN, PEER_CLOSES, PEER_RESETS, PEER_CLOSES_AT_ONCE, PEER_RESETS_AT_ONCE};
    (void)state;
    for (size_t i = 0; i < TB_COUNT(KINDS); i++) {
        assert_fails(&(peer_t){.kind = KINDS[i]}, "localhost", &(tb_port_tls_t){.ca = s_ca_pem}, TB_TLS_HANDSHAKE);
    }
}

static void handshake_that_the_server_does_not_answer_is_ended_by_close(void **state)
{
    (void)state;
    tb_port_event_t event;
    tb_port_tls_t tls = {.ca = s_ca_pem};
    peer_t peer = {.kind = PEER_SILENT};
    uint16_t port = peer_start(&peer);
    assert_int_equal(
        tb_port_open(&(tb_port_connection_t){.host = "localhost", .port = port, .client_id = "c", .tls = &tls}), TB_OK);
    assert_false(tb_port_next_event(SILENCE_MS, &event));
    uint64_t start_ms = tb_port_now_ms();
    tb_port_close();
    assert_in_range(tb_port_now_ms() - start_ms, 0, EVENT_MS);
    (void)peer_join();
}

static void end_of_a_connection_that_was_up_is_no_failure_of_TLS(void **state)
{
    (void)state;
    peer_t peer = {.identity = &s_server};
    tb_port_event_t event = first_event("localhost", peer_start(&peer), &(tb_port_tls_t){.ca = s_ca_pem});
    assert_int_equal(event.kind, TB_PORT_CONNECTED);
    assert_int_equal(next_event().kind, TB_PORT_DISCONNECTED);
    tb_port_close();
    (void)peer_join();
}

static void server_that_is_not_there_is_no_failure_of_TLS(void **state)
{
    (void)state;
    assert_int_equal(first_event("localhost", CLOSED_PORT, &(tb_port_tls_t){.ca = s_ca_pem}).kind,
                     TB_PORT_DISCONNECTED);
    tb_port_close();
}

static void failure_is_forgotten_by_the_next_connection(void **state)
{
    (void)state;
    assert_bad_pem(&(tb_port_tls_t){.ca = ""});
    assert_int_equal(first_event("localhost", CLOSED_PORT, NULL).kind, TB_PORT_DISCONNECTED);
    tb_port_close();
}

// 10 13 0004 "MQTT" 04 flags ...
static uint8_t connect_flags(const char *username, const char *password)
{
    peer_t peer = {.identity = &s_server};
    tb_port_tls_t tls = {.ca = s_ca_pem};
    uint16_t port = peer_start(&peer);
    assert_int_equal(tb_port_open(&(tb_port_connection_t){.host = "localhost",
                                                          .port = port,
                                                          .client_id = "c",
                                                          .username = username,
                                                          .password = password,
                                                          .tls = &tls}),
                     TB_OK);
    assert_int_equal(next_event().kind, TB_PORT_CONNECTED);
    tb_port_close();
    const peer_seen_t *seen = peer_join();
    assert_in_range(seen->connect_len, 10, sizeof(seen->connect));
    return seen->connect[9];
}

static void only_what_there_is_of_user_name_and_password_is_sent(void **state)
{
    (void)state;
    assert_int_equal(connect_flags(NULL, NULL), 0x02); // clean session
    assert_int_equal(connect_flags("u", NULL), 0x82);
    assert_int_equal(connect_flags("u", "p"), 0xC2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_that_a_trusted_authority_has_signed_is_connected_to),
        cmocka_unit_test(any_authority_of_the_text_is_trusted),
        cmocka_unit_test(without_a_text_the_authorities_of_the_system_are_trusted),
        cmocka_unit_test(address_is_looked_for_among_the_addresses_of_the_certificate),
        cmocka_unit_test(certificate_of_another_host_is_told),
        cmocka_unit_test(certificate_of_an_unknown_authority_is_told),
        cmocka_unit_test(certificate_out_of_its_time_is_told),
        cmocka_unit_test(client_proves_itself_by_a_certificate_with_its_chain),
        cmocka_unit_test(want_of_a_client_certificate_is_told),
        cmocka_unit_test(client_certificate_that_the_server_refuses_is_told),
        cmocka_unit_test(text_that_cannot_be_read_is_told),
        cmocka_unit_test(certificate_and_key_that_do_not_belong_together_are_told),
        cmocka_unit_test(server_that_speaks_no_TLS_is_told),
        cmocka_unit_test(handshake_that_the_server_does_not_answer_is_ended_by_close),
        cmocka_unit_test(end_of_a_connection_that_was_up_is_no_failure_of_TLS),
        cmocka_unit_test(server_that_is_not_there_is_no_failure_of_TLS),
        cmocka_unit_test(failure_is_forgotten_by_the_next_connection),
        cmocka_unit_test(only_what_there_is_of_user_name_and_password_is_sent),
    };
    return cmocka_run_group_tests_name("tb_port_posix_tls", tests, make_identities, free_identities);
}
