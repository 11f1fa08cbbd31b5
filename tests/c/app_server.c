#include "app_server.h"

#include "tb/tb_json.h"
#include "tb_protocol.h"

static struct {
    char token[TB_CRED_TEXT_MAX + 1];
    char answer[256];
    unsigned requests;
    unsigned samples_to_go;
    void (*act)(void);
} s_server;

static void on_open(const char *username)
{
    bool known = strcmp(username, TB_PROVISION_USERNAME) == 0 ||
                 (s_server.token[0] != '\0' && strcmp(username, s_server.token) == 0);
    if (known) {
        fake_event(TB_PORT_CONNECTED);
    } else {
        fake_refuse(5);
    }
}

/** Takes the token that the request asks for. Returns the answer. */
static const char *create_device(tb_str_t request)
{
    tb_json_member_t member = {.key = TB_STR(TB_KEY_TOKEN)};
    tb_buf_t out = TB_BUF(s_server.answer);
    if (s_server.token[0] != '\0') {
        return ANSWER_FAILURE;
    }
    assert_int_equal(tb_json_read_object(request, &member, 1), TB_OK);
    assert_int_equal(tb_json_read_string(&member.value, s_server.token, sizeof(s_server.token)), TB_OK);
    tb_buf_put(&out, TB_STR("{\"credentialsValue\":\""));
    tb_buf_put(&out, tb_str(s_server.token));
    tb_buf_put(&out, TB_STR("\",\"credentialsType\":\"ACCESS_TOKEN\",\"status\":\"SUCCESS\"}"));
    assert_int_equal(tb_buf_terminate(&out), TB_OK);
    return s_server.answer;
}

static void on_publish(const char *topic, tb_str_t payload)
{
    if (strcmp(topic, TB_TOPIC_PROVISION_REQUEST) == 0) {
        s_server.requests++;
        server_answers(create_device(payload));
    } else if (s_server.samples_to_go > 0 && --s_server.samples_to_go == 0) {
        s_server.act();
    }
}

void app_server_setup(void **state)
{
    (void)app_setup(state);
    memset(&s_server, 0, sizeof(s_server));
    fake_server(on_open, on_publish);
}

void app_server_reset_port(void)
{
    app_device_disconnect(app_device());
    app_credentials_withdraw();
    fake_port_reset();
    fake_server(on_open, on_publish);
}

void app_server_know(const char *token)
{
    assert_int_equal(tb_str_copy(tb_str(token != NULL ? token : ""), s_server.token, sizeof(s_server.token)), TB_OK);
}

const char *app_server_token(void)
{
    return s_server.token;
}

unsigned app_server_requests(void)
{
    return s_server.requests;
}

void app_server_at_sample(unsigned nth, void (*act)(void))
{
    s_server.samples_to_go = nth;
    s_server.act = act;
}

void app_server_boot(void *context)
{
    (void)context;
    (void)app_boot();
}

void app_server_expect_recovery(void)
{
    app_server_reset_port();
    fake_fault_reset();
    assert_int_equal(app_boot(), TB_OUTCOME_COMPLETE);
    assert_stored(TB_STORE_CRED, s_server.token);
}
