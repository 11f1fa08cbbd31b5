/** @file tb_model.h  Stands in for that of a model that does not use TLS, whatever the model is. */
#pragma once

#define TB_MODEL_TLS 0
