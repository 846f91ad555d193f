"""Google's services, through its libraries: Sheets, Drive, Pub/Sub."""
