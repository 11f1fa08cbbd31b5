# The application's C files: ESP-IDF's build and the host build both include it.
set(APP_SOURCES app_connection.c app_device.c app_main.c app_sensors.c app_settings.c front_connection.c
                normal_connection.c)
list(TRANSFORM APP_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
