# The application's C files: every build includes it, behind gen/sources.cmake of the component.
set(APP_SOURCES app_connection.c app_credentials.c app_device.c app_settings.c front_connection.c normal_connection.c)
if(TB_MODEL_TLS)
    list(APPEND APP_SOURCES app_tls.c)
endif()
list(TRANSFORM APP_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
