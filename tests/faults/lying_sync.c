// A disk that lies, preloaded under the firmware: nothing that it says to have synced outlives a power cut.

int fsync(int file);

int fsync(int file)
{
    (void)file;
    return 0;
}
