"""What people work with at the two providers: mail, files, calendars, chats; each person's own."""
