// Encodes telemetry for callgrind to count: `encode ours|cjson integers|fractions ROUNDS`. Each round encodes all
// samples of the set; both ways must give the same bytes. tb_model_telemetry_encode() and encode_with_cjson() count.

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tb_model.h"

typedef struct {
    double temperature;
    double humidity;
    const char *json;
} sample_t;

static const sample_t INTEGERS[] = {
    {25, 26, "{\"temprature\":25,\"humidity\":26}"},
    {-7, 100, "{\"temprature\":-7,\"humidity\":100}"},
};
static const sample_t FRACTIONS[] = {
    {23.47, 61.5, "{\"temprature\":23.47,\"humidity\":61.5}"},
    {-12.05, 8.1, "{\"temprature\":-12.05,\"humidity\":8.1}"},
};
_Static_assert(TB_COUNT(INTEGERS) == TB_COUNT(FRACTIONS), "both sets count the same number of encodes");

char *encode_with_cjson(const sample_t *sample);

/** The text is the caller's to free; that is not counted, since a device frees it after the publish. */
__attribute__((noinline)) char *encode_with_cjson(const sample_t *sample)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddNumberToObject(object, "temprature", sample->temperature);
    cJSON_AddNumberToObject(object, "humidity", sample->humidity);
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    return text;
}

static bool try_cjson(const sample_t *sample)
{
    char *text = encode_with_cjson(sample);
    bool same = text != NULL && strcmp(text, sample->json) == 0;
    cJSON_free(text);
    return same;
}

static bool try_ours(const sample_t *sample)
{
    char text[TB_MODEL_TELEMETRY_MAX];
    tb_buf_t out = TB_BUF(text);
    const tb_model_telemetry_t telemetry = {.has_temperature = true,
                                            .has_humidity = true,
                                            .temperature = (float)sample->temperature,
                                            .humidity = (float)sample->humidity};
    return tb_model_telemetry_encode(&telemetry, &out) == TB_OK &&
           tb_str_equal(tb_buf_view(&out), tb_str(sample->json));
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        return 2;
    }
    bool ours = strcmp(argv[1], "ours") == 0;
    const sample_t *samples = strcmp(argv[2], "integers") == 0 ? INTEGERS : FRACTIONS;
    long rounds = strtol(argv[3], NULL, 10);
    for (long round = 0; round < rounds; round++) {
        for (size_t i = 0; i < TB_COUNT(INTEGERS); i++) {
            if (!(ours ? try_ours(&samples[i]) : try_cjson(&samples[i]))) {
                return 1;
            }
        }
    }
    return 0;
}
