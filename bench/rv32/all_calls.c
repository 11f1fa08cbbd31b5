// Calls what a firmware calls, so that the linker keeps what a firmware keeps. It is weighed, never run.

#include "tb/tb_session.h"
#include "tb/tb_store.h"
#include "tb_model.h"
#include "tb_model_prov.h"

volatile char g_in[512];
char g_out[1024];

void __assert_func(const char *file, int line, const char *function, const char *expression);

/** ESP-IDF brings its own; picolibc's would add printf(). */
void __assert_func(const char *file, int line, const char *function, const char *expression)
{
    (void)line;
    (void)function;
    (void)expression;
    g_in[0] = file[0];
    for (;;) {
    }
}

tb_err_t tb_port_load(const char *key, char *dst, size_t cap, size_t *len)
{
    (void)key;
    *len = cap;
    dst[0] = g_in[0];
    return TB_OK;
}

tb_err_t tb_port_save(const char *key, tb_str_t value)
{
    (void)key;
    g_in[0] = value.ptr[0];
    return TB_OK;
}

tb_err_t tb_port_erase(const char *key)
{
    g_in[0] = key[0];
    return TB_OK;
}

static bool provision(tb_str_t text, tb_buf_t *out)
{
    tb_cred_t cred;
    tb_prov_response_t response;
    const tb_model_prov_request_t request = {text, text, text, text};
    tb_cred_make_text((const uint8_t *)text.ptr, cred.username);
    tb_prov_parse_response(text, &response);
    return tb_store_load(TB_STORE_PENDING, &cred) == TB_OK && tb_cred_from_token(text, &cred) == TB_OK &&
           tb_model_prov_build_request(&request, out) == TB_OK &&
           tb_prov_print_response(&response, false, out) == TB_OK && tb_store_commit(&cred) == TB_OK;
}

static bool work(tb_str_t text, tb_buf_t *out)
{
    tb_session_t session;
    const tb_session_config_t config = {.backoff_base_ms = (uint32_t)text.len};
    const tb_event_t event = {.kind = (tb_event_kind_t)g_in[1]};
    const tb_model_telemetry_t telemetry = {
        .has_temperature = g_in[2] != 0, .temperature = g_in[3], .has_humidity = g_in[4] != 0, .humidity = g_in[5]};
    tb_session_init(&session, &config, g_in[6] != 0, g_in[7] != 0, 1);
    tb_outcome_t outcome = tb_session_step(&session, &event, tb_session_deadline(&session)).outcome;
    tb_buf_put(out, tb_str(tb_outcome_name(outcome)));
    tb_buf_put(out, tb_str(tb_outcome_text(outcome)));
    tb_err_t err = tb_model_telemetry_encode(&telemetry, out);
    tb_buf_put(out, tb_str(tb_err_text(err)));
    return err == TB_OK && tb_buf_terminate(out) == TB_OK;
}

int main(void)
{
    const tb_str_t text = {.ptr = (const char *)g_in, .len = sizeof(g_in)};
    tb_buf_t out = TB_BUF(g_out);
    return provision(text, &out) && work(text, &out) ? 0 : 1;
}
