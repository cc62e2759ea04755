exports.handler = (event, context, callback) => {
  const email = event.request.userAttributes.email || "";
  if (email.endsWith("@blocked.example")) {
    const error = new Error("This domain is not welcome");
    callback(error, event);
    return;
  }
  event.response.autoConfirmUser = true;
  if (event.request.userAttributes.hasOwnProperty("email")) {
    event.response.autoVerifyEmail = true;
  }
  callback(null, event);
};
