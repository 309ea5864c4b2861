print("late is loaded")
