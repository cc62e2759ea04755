const oldUsers = { "old-jane": { password: "Old-passw0rd", email: "old-jane@example.com" } };

exports.handler = async (event) => {
  const user = oldUsers[event.userName];
  if (event.triggerSource === "UserMigration_Authentication") {
    if (user && user.password === event.request.password) {
      event.response.userAttributes = { email: user.email, email_verified: "true" };
      event.response.finalUserStatus = "CONFIRMED";
      event.response.messageAction = "SUPPRESS";
      return event;
    }
    throw new Error("Bad password");
  }
  if (event.triggerSource === "UserMigration_ForgotPassword" && user) {
    event.response.userAttributes = { email: user.email, email_verified: "true" };
    event.response.messageAction = "SUPPRESS";
    return event;
  }
  throw new Error("User does not exist");
};
