// Where ESP-IDF's start-up code stands on a board.

void app_main(void);

int main(void)
{
    app_main();
    return 0;
}
