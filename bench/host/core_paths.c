// All that the portable core does for a provisioning, or for a publish, with nothing of a port around it:
// `core_paths provisioning` and `core_paths publish`. Exit status 0 when every step came out right.

#include <string.h>

#include "tb/tb_session.h"
#include "tb_model.h"
#include "tb_model_prov.h"

static const tb_session_config_t CONFIG = {
    .connect_timeout_ms = 10000,
    .answer_timeout_ms = 15000,
    .backoff_base_ms = 1000,
    .backoff_cap_ms = 60000,
    .run_time_ms = 40000,
};

static bool step_does(tb_session_t *session, tb_event_t event, uint64_t now_ms, unsigned effects)
{
    return tb_session_step(session, &event, now_ms).effects == effects;
}

static bool build_request(const tb_cred_t *cred)
{
    char text[TB_MODEL_PROV_REQUEST_MAX];
    tb_buf_t out = TB_BUF(text);
    const tb_model_prov_request_t request = {
        .device_name = TB_STR("MY_DEVICE_NAME"),
        .provision_key = TB_STR("MY_PROVISION_KEY"),
        .provision_secret = TB_STR("MY_PROVISION_SECRET"),
        .username = tb_str(cred->username),
    };
    return tb_model_prov_build_request(&request, &out) == TB_OK && out.len > 0;
}

static bool keep_record(const tb_cred_t *cred)
{
    char record[TB_CRED_RECORD_MAX];
    tb_buf_t out = TB_BUF(record);
    tb_cred_t read;
    return tb_cred_encode(cred, &out) == TB_OK && tb_cred_decode(tb_buf_view(&out), &read) == TB_OK &&
           tb_cred_equal(cred, &read);
}

static bool read_answer(tb_str_t json, tb_prov_outcome_t outcome, tb_prov_response_t *response)
{
    char text[512];
    tb_buf_t out = TB_BUF(text);
    tb_prov_parse_response(json, response);
    return response->outcome == outcome && tb_prov_print_response(response, false, &out) == TB_OK;
}

static bool read_refusals(void)
{
    tb_prov_response_t response;
    return read_answer(TB_STR("{\"status\":\"NOT_FOUND\",\"errorMsg\":\"Provision data was not found!\"}"),
                       TB_PROV_NOT_FOUND, &response) &&
           read_answer(TB_STR("{\"status\":\"FAILURE\",\"errorMsg\":\"Failed to provision device!\"}"), TB_PROV_FAILURE,
                       &response) &&
           read_answer(TB_STR("[[[["), TB_PROV_MALFORMED, &response);
}

static bool provision(void)
{
    static const uint8_t RANDOM[TB_CRED_OWN_TEXT_LEN] = {7, 77, 177};
    tb_session_t session;
    tb_cred_t pending = {.kind = TB_CRED_ACCESS_TOKEN};
    tb_prov_response_t response;
    const tb_event_t answered = {.kind = TB_EVENT_ANSWER, .answer = TB_PROV_SUCCESS};

    tb_session_init(&session, &CONFIG, false, false, 1);
    tb_cred_make_text(RANDOM, pending.username);
    return step_does(&session, (tb_event_t){.kind = TB_EVENT_START}, 0, TB_EFFECT_OPEN_FRONT) &&
           step_does(&session, (tb_event_t){.kind = TB_EVENT_CONNECTED}, 100, TB_EFFECT_REQUEST) &&
           keep_record(&pending) && build_request(&pending) && read_refusals() &&
           read_answer(TB_STR("{\"status\":\"SUCCESS\",\"credentialsType\":\"ACCESS_TOKEN\","
                              "\"credentialsValue\":\"HtNyxkQHOIeRM9WzsgHN\"}"),
                       TB_PROV_SUCCESS, &response) &&
           step_does(&session, answered, 200, TB_EFFECT_STORE) && keep_record(&response.cred) &&
           step_does(&session, (tb_event_t){.kind = TB_EVENT_STORED}, 201, TB_EFFECT_CLOSE | TB_EFFECT_OPEN_NORMAL) &&
           step_does(&session, (tb_event_t){.kind = TB_EVENT_CONNECTED}, 300, TB_EFFECT_ONLINE) &&
           step_does(&session, (tb_event_t){.kind = TB_EVENT_TICK}, 40300, TB_EFFECT_FINISH);
}

static bool publish(void)
{
    char text[TB_MODEL_TELEMETRY_MAX];
    tb_buf_t out = TB_BUF(text);
    const tb_model_telemetry_t telemetry = {
        .has_temperature = true, .has_humidity = true, .temperature = 23.47F, .humidity = 61.5F};
    return tb_model_telemetry_encode(&telemetry, &out) == TB_OK &&
           tb_str_equal(tb_buf_view(&out), TB_STR("{\"temprature\":23.47,\"humidity\":61.5}"));
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "provisioning") == 0) {
        return provision() ? 0 : 1;
    }
    if (argc == 2 && strcmp(argv[1], "publish") == 0) {
        return publish() ? 0 : 1;
    }
    return 2;
}
