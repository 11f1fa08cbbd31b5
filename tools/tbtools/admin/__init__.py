"""What an administrator of ThingsBoard does for devices: profiles, devices, dashboards."""
