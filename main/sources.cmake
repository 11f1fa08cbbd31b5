# The application's C files: ESP-IDF's build and the host build both include it.
set(APP_SOURCES app_connection.c app_credentials.c app_device.c app_main.c app_sensors.c app_settings.c
                front_connection.c normal_connection.c)
include(${CMAKE_CURRENT_LIST_DIR}/../components/tb_mqtt_client_helper/gen/sources.cmake)
if(TB_MODEL_TLS)
    list(APPEND APP_SOURCES app_tls.c)
endif()
list(TRANSFORM APP_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
